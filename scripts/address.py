"""An address that can be moved, as a name in DNS or a virtual address is.

Passes connections on to the port of this machine that a file names when they come in. Connections that
are there already stay where they are, as they do when a name moves.

    python3 address.py PORT FILE
"""

import asyncio
import sys
from pathlib import Path


async def pass_on(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    # The end of one direction ends both: half a connection is useless to PostgreSQL.
    writer.transport.abort()


async def connect(reader, writer):
    try:
        there = await asyncio.open_connection("127.0.0.1", int(Path(sys.argv[2]).read_text()))
    except OSError:
        writer.transport.abort()
        return
    await asyncio.gather(pass_on(reader, there[1]), pass_on(there[0], writer))


async def serve():
    server = await asyncio.start_server(connect, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(serve())
