# SPDX-License-Identifier: MIT
"""Compiling of LLVM code for the processor of this machine, once: machine code is kept in the cache."""

import ctypes
import hashlib
import os
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import llvmlite.binding as llvm

from fairreg.models.hbb_in.fused.code import VectorUnit, vector_unit
from fairreg.storage.files import replacing

__all__ = ["compiled", "host_unit", "machine_code"]

_DIGEST = hashlib.sha256().digest_size  # of the machine code, before it in its file
_SPEED = 3  # LLVM's highest level of optimisation
_GROUP_OR_OTHERS_WRITE = 0o022
_lock = Lock()


def host_unit() -> VectorUnit:
    """Tile of the vector unit of this processor."""
    _, features = _processor()
    return vector_unit(llvm.get_process_triple(), features)


def compiled(source: str, name: str, kinds: str, kept: Path | None = None) -> Callable[..., None]:
    """Function `name` of LLVM code for this processor; other threads of Python run while it does.

    `kinds` has a letter for each argument: p for a pointer, i for an integer. `kept` is the folder for
    machine code (None: it is compiled for this process).
    """
    with _lock:
        engine = _engine(source, kept)
        address = engine.get_function_address(name)
    given = [{"p": ctypes.c_void_p, "i": ctypes.c_int64}[kind] for kind in kinds]
    function = ctypes.CFUNCTYPE(None, *given)(address)
    function.engine = engine  # type: ignore[attr-defined]  # owns the machine code
    return function


@lru_cache(16)
def _engine(source: str, kept: Path | None) -> Any:
    """An engine of LLVM that has loaded the code."""
    code = machine_code(source) if kept is None else _kept(source, kept)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target(*_processor()))
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine


def machine_code(source: str, processor: str | None = None, features: str | None = None) -> bytes:
    """Compile LLVM code for a processor by its name and features, by default for this one."""
    own = _processor()
    target = _target(own[0] if processor is None else processor, own[1] if features is None else features)
    module = llvm.parse_assembly(source)
    module.triple, module.data_layout = llvm.get_process_triple(), str(target.target_data)
    module.verify()
    # The code has its vectors already; LLVM's own search for them would take most of the time.
    options = llvm.create_pipeline_tuning_options(speed_level=_SPEED)
    options.loop_vectorization = options.slp_vectorization = False
    builder = llvm.create_pass_builder(target, options)
    builder.getModulePassManager().run(module, builder)
    found: bytes = target.emit_object(module)
    return found


def _kept(source: str, folder: Path) -> bytes:
    """Machine code of a file in `folder`, which is written if it is missing, damaged or another user's."""
    version = ".".join(map(str, llvm.llvm_version_info))
    key = hashlib.sha256("\0".join((source, *_processor(), version)).encode()).hexdigest()
    path = folder / f"{key}.machine-code"
    if _is_own(path):
        content = path.read_bytes()
        digest, code = content[:_DIGEST], content[_DIGEST:]
        if hashlib.sha256(code).digest() == digest:
            return code
    code = machine_code(source)
    if _can_write(folder):
        with replacing(path) as draft:
            draft.write_bytes(hashlib.sha256(code).digest() + code)
    return code


def _is_own(path: Path) -> bool:
    """Tell whether a file is there that nobody but this user can have written: it is run."""
    if not path.is_file():
        return False
    found = path.stat()
    return os.name == "nt" or (found.st_uid == os.getuid() and not found.st_mode & _GROUP_OR_OTHERS_WRITE)


def _can_write(folder: Path) -> bool:
    """Make the folder; False where that, or a file in it, is not allowed: compiling takes half a second."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


@cache
def _processor() -> tuple[str, str]:
    """Name and features of this processor."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    try:
        features = llvm.get_host_cpu_features().flatten()
    except RuntimeError:  # LLVM does not know how to ask this kind of processor
        features = ""
    return llvm.get_host_cpu_name(), features


def _target(processor: str, features: str) -> Any:
    return llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(
        cpu=processor, features=features, opt=_SPEED, codemodel="jitdefault", jit=True
    )
