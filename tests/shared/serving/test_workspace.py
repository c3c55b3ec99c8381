"""The hub's folder on the disk: its own, gone at the end, and at the next start if the end was sudden."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from shared.errors import ResourceError
from shared.serving import workspace


@pytest.fixture(autouse=True)
def below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def test_uploads_and_temporary_files_go_into_one_folder_of_this_process(below: Path) -> None:
    folder = workspace.open_workspace()
    assert folder.parent == below.resolve()
    uploads = Path(os.environ["GRADIO_TEMP_DIR"])
    scratch = Path(tempfile.mkdtemp()).parent
    assert uploads.parent == scratch.parent == folder
    assert uploads != scratch  # or gradio would hand out a temporary file as it is, and find it gone
    assert workspace.remove_dead(below) == 0
    assert folder.is_dir()


def test_what_a_killed_hub_left_goes_at_the_next_start_and_nothing_else(below: Path) -> None:
    script = "import os; from shared.serving.workspace import *; (open_workspace() / 'photo.jpg').touch(); os._exit(9)"
    subprocess.run([sys.executable, "-c", script], check=False)
    (dead,) = below.glob("convhub-*")
    assert (dead / "photo.jpg").exists()
    numbers = ("99999999999999-1", "1234567890-1", f"{2**22 - 1}-{10**19}")  # longer than numbers and starts are
    others = [below / name for name in ("gradio", "convhub-notes", "convhub-x-y-z")]
    others += [below / f"convhub-{number}-a" for number in numbers]
    for other in others:
        other.mkdir()
    (below / f"{dead.name}-link").symlink_to(others[0])
    folder = workspace.open_workspace()
    assert not dead.exists()
    assert all(other.is_dir() for other in others)
    assert folder.is_dir()


def test_a_number_that_was_given_to_another_process_since_does_not_keep_the_folder(below: Path) -> None:
    stale = below / f"convhub-{os.getpid()}-1000-abc"
    stale.mkdir()
    assert workspace.remove_dead(below) == 1


def test_a_killed_hub_is_over_before_its_parent_asks(below: Path) -> None:
    script = "from shared.serving.workspace import *; open_workspace(); import os; os.kill(os.getpid(), 9)"
    killed = subprocess.Popen([sys.executable, "-c", script])
    if sys.platform != "win32":
        os.waitid(os.P_PID, killed.pid, os.WEXITED | os.WNOWAIT)  # it stays a zombie
        assert workspace.remove_dead(below) == 1
    killed.wait()
    assert workspace.remove_dead(below) == (sys.platform == "win32")


def test_a_folder_that_cannot_be_written_is_said_in_a_sentence(below: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (below / "file").write_text("")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(below / "file" / "x"))
    with pytest.raises(ResourceError, match="can be written to"):
        workspace.open_workspace()
