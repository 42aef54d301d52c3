"""What the server listens with."""

from __future__ import annotations

import socket

from visionloom.server.listening import listen


def test_sockets_name_their_protocol_so_that_no_answer_waits_for_an_acknowledgement() -> None:
    made = listen(0)
    try:
        assert {one.proto for one in made} == {socket.IPPROTO_TCP}
    finally:
        for one in made:
            one.close()
