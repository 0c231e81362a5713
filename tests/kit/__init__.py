"""What tests share: a running gateway, a replaying upstream, the recordings."""
