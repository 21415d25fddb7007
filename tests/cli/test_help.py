"""Help and typing errors answer without what takes long to import."""

import subprocess
import sys

COMMANDS = "track demo parameters doctor bench evaluate trackers paper report attach results vot"
REPORT = """
import sys
from crt_plugin.cli import app
for line in sys.argv[1:]:
    try:
        app(line.split())
    except SystemExit as done:
        print("code", done.code)
slow = {"torch", "cv2", "numpy", "got10k", "matplotlib", "PIL", "distributed", "vot"}
print("loaded", *sorted(slow & set(sys.modules)))
"""


def run(*lines):
    """Several command lines in one process."""
    return subprocess.run([sys.executable, "-c", REPORT, *lines], capture_output=True, text=True)


def test_help_lists_all_commands_and_loads_nothing_slow():
    done = run("--help", *(f"{name} --help" for name in COMMANDS.split()), "vot workspace --help")
    assert done.stdout.count("code 0\n") == 14 and done.stdout.endswith("loaded\n"), done.stderr
    listed = done.stdout.partition("code 0")[0]
    assert all(f" {name} " in listed for name in COMMANDS.split())


def test_videos_are_tracked_by_light_and_the_paper_s_file_stays_the_default_elsewhere():
    assert run("track --help", "demo --help").stdout.count("[default: light]") == 2
    assert "[default: crt:default]" in run("evaluate --help").stdout


def test_typing_errors_load_nothing_slow():
    lines = "trakc", "track --bxo", "track x --box", "track", "track x --frames 0", "demo --clip x"
    done = run(*lines)
    assert done.stdout == "code 2\n" * 6 + "loaded\n"
    assert done.stderr.count("─ Error ─") == 6


def test_the_package_imports_its_names_on_first_use():
    code = (
        "import sys, crt_plugin; assert 'CRTTracker' in dir(crt_plugin); "
        "assert 'torch' not in sys.modules; "
        "from crt_plugin import CRTTracker, Detection, Parameters, load_parameters; "
        "from crt_plugin import *; crt_plugin.nothing"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "AttributeError: module 'crt_plugin' has no attribute 'nothing'" in done.stderr
