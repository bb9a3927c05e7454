"""Calls the queue that is written in Python. The worker wants to be found in a module of its own."""

import protocol
from procrastinate_peer import Procrastinate

protocol.run(Procrastinate())
