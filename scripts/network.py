"""By which addresses this computer is reached."""

import contextlib
import fcntl
import socket
import struct

SIOCGIFADDR = 0x8915  # linux/sockios.h
VIRTUAL = ("lo", "docker", "br-", "veth", "virbr", "cni", "flannel")


def interface_addresses() -> dict[str, str]:
    """Return the IPv4 address of each network interface that has one, loopback included."""
    found = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            with contextlib.suppress(OSError):  # an interface without an address
                request = struct.pack("256s", name.encode()[:15])
                reply = fcntl.ioctl(probe.fileno(), SIOCGIFADDR, request)
                found[name] = socket.inet_ntoa(reply[20:24])
    return found


def lan_addresses() -> list[str]:
    """Return the addresses that other devices in the office can use."""
    return [ip for name, ip in interface_addresses().items() if not name.startswith(VIRTUAL)]
