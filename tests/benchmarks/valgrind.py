"""Speaks to the valgrind that this process runs under, by its client requests."""

import ctypes
import mmap

__all__ = ("start_counting",)

# What valgrind's header does on x86-64: four rotations that do nothing, and an exchange that does nothing, mean that a
# request lies where rax points; the answer is in rdx. Outside of valgrind nothing happens.
_CODE = bytes.fromhex("4889f8 31d2 48c1c703 48c1c70d 48c1c73d 48c1c733 4887db 4889d0 c3")
_START_INSTRUMENTATION = (ord("C") << 24 | ord("T") << 16) + 4


def start_counting() -> None:
    """Let callgrind count from here on, which was started with ``--instr-atstart=no``."""
    code = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(_CODE)
    place = ctypes.addressof(ctypes.c_char.from_buffer(code))
    call = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p)(place)
    request = (ctypes.c_uint64 * 6)(_START_INSTRUMENTATION)
    call(ctypes.addressof(request))
