"""What a type checker may know of the compiled module. Its functions and records are typed above it, in binding.py."""

from typing import Any

from _cffi_backend import FFI

ffi: FFI
lib: Any
