#!/usr/bin/env python3
"""A guest in Python: it serves Greeter.Greet of examples/hello through ctypes and libroam.so.1.

What is declared here is what roam/guest.h and roam/codec.h declare, as far as this program uses it.
"""

import ctypes
import sys
from ctypes import CFUNCTYPE, POINTER, Structure, byref, c_char, c_char_p, c_int, c_int64, c_size_t, c_uint32, c_uint64
from ctypes import c_void_p

GREET = 0xF0EE2DF58CF012FF  # HELLO_GREETER_GREET_ID of the header that roamgen -c writes
MAX_NAME = 64  # the longest name that is greeted, bytes

ROAM_ERR_USER = -65  # the error that the method declares
ROAM_ERR_DECODE = -66


class String(Structure):  # struct roam_string
    _fields_ = [("data", c_void_p), ("len", c_size_t)]


PREPARE = CFUNCTYPE(c_int, c_void_p, c_void_p)
HANDLE = CFUNCTYPE(c_int, c_void_p)


class Method(Structure):  # struct roam_method
    _fields_ = [
        ("id", c_uint64),
        ("name", c_char_p),
        ("prepare", PREPARE),
        ("handle", HANDLE),
        ("flags", c_uint32),
    ]


class Service(Structure):  # struct roam_service
    _fields_ = [
        ("name", c_char_p),
        ("methods", POINTER(Method)),
        ("method_count", c_size_t),
        ("handlers", c_void_p),
        ("user", c_void_p),
    ]


class Options(Structure):  # struct roam_options
    _fields_ = [
        ("size", c_size_t),
        ("services", POINTER(Service)),
        ("service_count", c_size_t),
        ("max_threads", c_uint32),
        ("spin_ns", c_int64),
        ("allocator", c_void_p * 4),
        ("log", c_void_p),
        ("log_context", c_void_p),
    ]


class Failure(Structure):  # struct roam_failure
    _fields_ = [("error", c_int), ("system_errno", c_int), ("text", c_char * 256)]


roam = ctypes.CDLL("libroam.so.1")


def declare(name, result, *arguments):
    function = getattr(roam, name)
    function.restype = result
    function.argtypes = arguments
    return function


read_string = declare("roam_read_string", String, c_void_p)
reader_finish = declare("roam_reader_finish", c_int, c_void_p)
write_string = declare("roam_write_string", None, c_void_p, String)
write_u32 = declare("roam_write_u32", None, c_void_p, c_uint32)
request_result = declare("roam_request_result", c_void_p, c_void_p)
request_set_arguments = declare("roam_request_set_arguments", None, c_void_p, c_void_p)
request_arguments = declare("roam_request_arguments", c_void_p, c_void_p)
request_alloc = declare("roam_request_alloc", c_void_p, c_void_p, c_size_t)
options_init = declare("roam_options_init", None, POINTER(Options))
guest_attach = declare(
    "roam_guest_attach", c_int, c_int, POINTER(c_char_p), POINTER(Options), POINTER(c_void_p), POINTER(Failure)
)
guest_run = declare("roam_guest_run", c_int, c_void_p)
guest_failure = declare("roam_guest_failure", None, c_void_p, POINTER(Failure))
guest_free = declare("roam_guest_free", None, c_void_p)


@PREPARE
def prepare_greet(request, arguments):
    """Decodes the name, whose bytes live until the request is answered, and keeps it in memory of the request."""
    name = read_string(arguments)
    kept = request_alloc(request, ctypes.sizeof(String))
    error = reader_finish(arguments)
    if error != 0 or kept is None:
        return error or ROAM_ERR_DECODE
    String.from_address(kept).data = name.data
    String.from_address(kept).len = name.len
    request_set_arguments(request, kept)
    return 0


@HANDLE
def greet(request):
    """Greets, or refuses a name with the error that the method declares, whose only field is the limit."""
    name = String.from_address(request_arguments(request))
    result = request_result(request)
    if name.len > MAX_NAME:
        write_u32(result, MAX_NAME)
        return ROAM_ERR_USER
    text = b"Hello, " + ctypes.string_at(name.data, name.len) + b" from Python!"
    buffer = ctypes.create_string_buffer(text, len(text))
    write_string(result, String(ctypes.addressof(buffer), len(text)))
    return 0


def main():
    methods = (Method * 1)(Method(GREET, b"Greeter.Greet", prepare_greet, greet, 0))
    service = Service(b"Greeter", methods, len(methods), None, None)
    options, guest, failure = Options(), c_void_p(), Failure()
    options_init(byref(options))
    options.services = ctypes.pointer(service)
    options.service_count = 1
    options.max_threads = 1  # Python runs one thread at a time anyway
    argv = (c_char_p * len(sys.argv))(*(argument.encode() for argument in sys.argv))
    if guest_attach(len(argv), argv, byref(options), byref(guest), byref(failure)) != 0:
        sys.exit(f"guest.py: {failure.text.decode()}")
    error = guest_run(guest)
    if error != 0:
        guest_failure(guest, byref(failure))
        print(f"guest.py: {failure.text.decode()}", file=sys.stderr)
    guest_free(guest)
    return 1 if error else 0


if __name__ == "__main__":
    sys.exit(main())
