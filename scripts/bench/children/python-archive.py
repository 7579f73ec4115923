"""Catches up once with an archive of OMEMO messages, as a good client of slixmpp and python-omemo would.

The library is in its mode for such a time, and keys and texts are stored once for each page: less would lose
messages, more would only be slower. Arguments: JID, port, file with the certificate authority, file with the keys
(as omemo-client.py keeps them), database for the texts, time of the first message (seconds since 1970). The password
comes as the first line of the input. The last line of the output is
{"ms": …, "busy": …, "read": …, "failed": […]}; it ends with its input.
"""

import importlib.util
import json
import sqlite3
import time
from datetime import datetime, timezone
from pathlib import Path

import oldmemo.etree

PEERS = Path(__file__).parents[3] / "tests" / "support" / "peers"
spec = importlib.util.spec_from_file_location("omemo_client", PEERS / "omemo-client.py")
peer = importlib.util.module_from_spec(spec)
spec.loader.exec_module(peer)

PAGE_SIZE = 200


class ArchiveClient(peer.OmemoClient):
    def __init__(self, jid, password, authority, state, database, since):
        super().__init__(jid, password, authority, state)
        self.texts = sqlite3.connect(database, isolation_level=None)
        self.texts.execute("PRAGMA journal_mode = wal")
        self.texts.execute("CREATE TABLE IF NOT EXISTS messages (sender TEXT, stanza_id TEXT, body TEXT)")
        self.since = datetime.fromtimestamp(float(since), timezone.utc)
        self.failed = []

    def connect(self, *args, **values):
        self.begun = time.perf_counter(), time.process_time()
        return super().connect(*args, **values)

    async def prepare(self):
        own = self.boundjid.bare
        backends = [oldmemo.Oldmemo(self.storage)]
        self.manager = await peer.make_manager(self).create(backends, self.storage, own, None, "")

    async def started(self, event):
        await super().started(event)
        read = 0
        async for page in self["xep_0313"].retrieve(start=self.since, rsm={"max": PAGE_SIZE}, iterator=True):
            rows = [await self.read(one["mam_result"]["forwarded"]["stanza"]) for one in page["mam"]["results"]]
            rows = [row for row in rows if row is not None]
            self.texts.execute("BEGIN")
            self.texts.executemany("INSERT INTO messages VALUES (?, ?, ?)", rows)
            self.texts.execute("COMMIT")
            self.storage.save()
            read += len(rows)
        ms, busy = ((now - begun) * 1000 for now, begun in
                    zip((time.perf_counter(), time.process_time()), self.begun))
        await self.manager.after_history_sync()
        self.storage.save()
        # What it answers leaves before the stream ends.
        await self.disconnect(wait=2.0)
        print(json.dumps({"ms": ms, "busy": busy, "read": read, "failed": self.failed}), flush=True)

    async def read(self, stanza):
        element = stanza.xml.find(peer.ENCRYPTED)
        if element is None:
            return None
        sender = stanza["from"].bare
        try:
            message = await oldmemo.etree.parse_message(element, sender, self.boundjid.bare, self.manager)
            plaintext, _, _ = await self.manager.decrypt(message)
            return None if plaintext is None else (sender, stanza["id"], plaintext.decode())
        except Exception as failure:
            self.failed.append(repr(failure))
            return None


if __name__ == "__main__":
    peer.base.run(ArchiveClient)
