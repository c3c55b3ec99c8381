"""Where the networks run: the choice of the device, what it can do, and the memory that is left.

torch is imported inside the functions: the page is up before torch is.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.errors import OptionError, check_choice
from shared.settings import DEVICES

if TYPE_CHECKING:
    import torch

HEAVY_LANE = "accelerator"  # gradio concurrency_id of the work that wants the whole device
QUICK_LANE = "quick"  # of a second or less of a network

_known: dict[str, str] = {}  # what pick_device has found out


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Bytes of the memory that the networks live in."""

    total: int
    free: int


def pick_device(name: str | None = None) -> torch.device:
    """The device called ``name``, or that of the settings; ``auto`` takes cuda, then mps, then cpu.

    Raises:
        OptionError: no such device, or this machine does not have it.
    """
    import torch

    name = check_choice(name or os.environ.get("CONVHUB_DEVICE") or "auto", DEVICES, "--device")
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(kind for kind, there in available.items() if there)
    if not available[name]:
        there = ", ".join(kind for kind, is_there in available.items() if is_there)
        raise OptionError(
            f"a device of this machine for --device ({there})",
            f"{name}, which torch cannot see",
            "Use --device auto.",
        )
    _known["device"] = describe(torch.device(name))
    return torch.device(name)


def described() -> str:
    """The device for people, without importing torch: before its first use, the settings' wish."""
    wish = os.environ.get("CONVHUB_DEVICE") or "auto"
    return _known.get("device", "chosen at first use" if wish == "auto" else wish)


def describe(device: torch.device) -> str:
    """The device's name for people: "CPU, 2 threads", "NVIDIA H100 (cuda)"."""
    import torch

    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)} (cuda)"
    if device.type == "mps":
        return "Apple GPU (mps)"
    threads = torch.get_num_threads()
    return f"CPU, {threads} thread{'s' if threads != 1 else ''}"


def memory(device: torch.device | None = None) -> Memory:
    """The memory of ``device``; for the CPU and for MPS, whose memory is the machine's, the machine's."""
    if device is not None and device.type == "cuda":
        import torch

        free, total = torch.cuda.mem_get_info(device)
        return Memory(total=total, free=free)
    import psutil

    machine = psutil.virtual_memory()
    return Memory(total=machine.total, free=machine.available)


def bf16_is_fast(device: torch.device) -> bool:
    """Whether bfloat16 convolutions run on matrix hardware of ``device`` (AVX-512 BF16 or AMX, CUDA from Ampere on)."""
    import torch

    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return False


def on_zero_gpu() -> bool:
    """Whether this is a Hugging Face Space on ZeroGPU hardware, where a GPU is attached for single calls only."""
    return bool(os.environ.get("SPACES_ZERO_GPU"))
