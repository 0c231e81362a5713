"""The control plane: Django, one app per noun. It decides and shows; it never sits in a request's way.

Must stay out: anything of the data plane (`pipeline`, `infra`, `server`). It imports the pure rooms only.
"""
