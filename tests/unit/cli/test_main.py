import subprocess
import sys

import pytest

from headgate import __version__
from headgate.cli import main as exported
from headgate.cli.main import _parser, main
from tests.kit.environment import ROOT, clean_environment

COMMANDS = ["serve", "gateway", "console", "worker", "simulate", "migrate", "user", "org", "key"]


def test_every_command_is_listed(capsys: pytest.CaptureFixture):
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert 0 == end.value.code
    said = capsys.readouterr().out
    assert [] == [command for command in COMMANDS if f"    {command}" not in said]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_and_hides_what_is_for_us(command: str, capsys: pytest.CaptureFixture):
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert 0 == end.value.code
    if command != "simulate":
        assert "until-stdin-closes" not in capsys.readouterr().out


def test_the_version_is_told(capsys: pytest.CaptureFixture):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert f"headgate {__version__}\n" == capsys.readouterr().out


@pytest.mark.parametrize("argv", [[], ["fly"], ["serve", "--port", "many"], ["user", "delete", "x"]])
def test_what_is_no_command_ends_with_usage(argv: list[str], capsys: pytest.CaptureFixture):
    with pytest.raises(SystemExit) as end:
        main(argv)
    assert 2 == end.value.code
    assert "usage: headgate" in capsys.readouterr().err


def test_defaults_listen_on_this_machine_only():
    serve = _parser().parse_args(["serve"])
    console = _parser().parse_args(["console"])
    assert ("127.0.0.1", 8000, None) == (serve.host, serve.port, serve.workers)
    assert ("127.0.0.1", 8001) == (console.host, console.port)


def test_the_package_runs_as_a_module_and_exports_its_entry():
    done = subprocess.run(
        [sys.executable, "-m", "headgate", "--version"],
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        check=False,
    )
    assert (0, f"headgate {__version__}\n".encode()) == (done.returncode, done.stdout)
    assert exported is main


def test_the_gateway_loads_no_django(tmp_path):
    code = (
        "import sys\n"
        "from headgate.cli.main import _parser\n"
        "_parser()\n"
        "import headgate.server.run, headgate.server.app\n"
        "sys.exit(any(name == 'django' or name.startswith('headgate.control') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], env=clean_environment(tmp_path), check=False)
    assert 0 == done.returncode
