"""An XMPP client on slixmpp 1.8, driven over its standard streams.

Standard input: one JSON object a line, {"id": number, "do": name, ...}. Standard output: the answer
{"id": number, "ok": value} or {"id": number, "failed": text}, and {"event": name, ...} for all that is heard.
Where slixmpp has a plugin it is used as its documentation says. What Debian's version has no plugin for is
written as XML: XEP-0424 1.0 ("urn:xmpp:message-retract:1").

Arguments: JID, port, file with the certificate authority. The password comes as the first line of the input.
"""

import asyncio
import json
import sys
from datetime import datetime, timezone
from pathlib import Path
from xml.etree import ElementTree

import slixmpp
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

RETRACTION = "urn:xmpp:message-retract:1"
PLUGINS = ["xep_0030", "xep_0085", "xep_0115", "xep_0184", "xep_0199", "xep_0280", "xep_0308", "xep_0313",
           "xep_0333", "xep_0334", "xep_0359", "xep_0424", "xep_0428", "xep_0444", "xep_0461"]


def say(**value):
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


class Client(slixmpp.ClientXMPP):
    def __init__(self, jid, password, authority, plugins=()):
        super().__init__(jid, password)
        self.ca_certs = Path(authority)
        for name in [*PLUGINS, *plugins]:
            self.register_plugin(name)
        self.auto_authorize = True
        self.auto_subscribe = True
        listeners = {
            "session_start": self.started,
            "failed_auth": lambda _: say(event="refused", reason="authentication"),
            "connection_failed": lambda why: say(event="refused", reason=str(why)),
            "message": self.message,
            "message_correction": lambda one: self.tell("correction", one, replaces=one["replace"]["id"]),
            "message_reply": lambda one: self.tell("reply", one, answers=one["reply"]["id"]),
            "message_retract": lambda one: self.tell("retraction", one, about=one["apply_to"]["id"], form="old"),
            "receipt_received": lambda one: self.tell("receipt", one, about=one["receipt"]),
            "marker_displayed": lambda one: self.tell("displayed", one, about=one["displayed"]["id"]),
            "chatstate": lambda one: self.tell("chat-state", one, state=one["chat_state"]),
            "reactions": self.reactions,
            "carbon_sent": lambda one: self.carbon("sent", one["carbon_sent"]),
            "carbon_received": lambda one: self.carbon("received", one["carbon_received"]),
        }
        for name, listener in listeners.items():
            self.add_event_handler(name, listener)
        self.register_handler(Callback("Retraction 1.0", MatchXPath("{jabber:client}message/{%s}retract" % RETRACTION),
                                       self.retraction))

    async def started(self, _):
        try:
            await self.get_roster()
            await self["xep_0280"].enable()
            await self.prepare()
            # Capabilities first: with the first presence others learn what this client can do.
            await self["xep_0115"].update_caps(broadcast=False)
            self.send_presence()
        except Exception as failure:  # slixmpp would only log it, and the test would wait for ever
            say(event="refused", reason=repr(failure))
            return
        say(event="started", jid=self.boundjid.full, version=slixmpp.__version__)

    async def prepare(self):
        """What a client with more abilities has to do before others see it."""

    def tell(self, name, message, **values):
        say(event=name, sender=message["from"].bare, id=message["id"], **values)

    def message(self, message):
        if message["type"] in ("chat", "normal") and message["body"]:
            self.tell("text", message, body=message["body"], **self.wishes(message))

    def wishes(self, message):
        wish = {"receipt": "{urn:xmpp:receipts}request", "marker": "{urn:xmpp:chat-markers:0}markable"}
        return {name: message.xml.find(tag) is not None for name, tag in wish.items()}

    def reactions(self, message):
        emojis = sorted(message["reactions"].get_values(all_chars=True))
        self.tell("reactions", message, about=message["reactions"]["id"], emojis=emojis)

    def retraction(self, message):
        self.tell("retraction", message, about=message.xml.find("{%s}retract" % RETRACTION).get("id"), form="current")

    def carbon(self, direction, forwarded):
        message = forwarded
        if message["body"]:
            say(event="carbon", direction=direction, sender=message["from"].bare, to=message["to"].bare,
                id=message["id"], body=message["body"])

    # ---------------------------------------------------------------- commands: each gives a value or fails

    async def do_befriend(self, jid):
        await self.update_roster(jid)
        self.send_presence_subscription(pto=jid, ptype="subscribe")

    async def do_text(self, to, body):
        message = self.make_message(mto=to, mbody=body, mtype="chat")
        message["origin_id"]["id"] = message["id"]
        message["request_receipt"] = True
        message.enable("markable")
        message["chat_state"] = "active"
        message.send()
        return message["id"]

    async def do_correct(self, to, about, body):
        message = self.make_message(mto=to, mbody=body, mtype="chat")
        message["replace"]["id"] = about
        message.send()
        return message["id"]

    async def do_react(self, to, about, emojis):
        message = self.make_message(mto=to, mtype="chat")
        message["reactions"]["id"] = about
        message["reactions"].set_values(emojis, all_chars=True)
        message.enable("store")
        message.send()

    async def do_reply(self, to, about, author, quoted, body):
        quotation = "".join("> %s\n" % line for line in quoted.split("\n"))
        message = self.make_message(mto=to, mbody=quotation + body, mtype="chat")
        message["reply"]["to"] = author
        message["reply"]["id"] = about
        message["feature_fallback"]["for"] = "urn:xmpp:reply:0"
        message["feature_fallback"]["fallback_body"]["start"] = "0"
        message["feature_fallback"]["fallback_body"]["end"] = str(len(quotation))
        message.send()
        return message["id"]

    async def do_retract(self, to, about, form):
        if form == "old":
            self["xep_0424"].send_retraction(to, about)
            return
        message = self.make_message(mto=to, mtype="chat", mbody="/me retracted a message.")
        message.xml.append(ElementTree.Element("{%s}retract" % RETRACTION, {"id": about}))
        message.xml.append(ElementTree.Element("{urn:xmpp:fallback:0}fallback", {"for": RETRACTION}))
        message.enable("store")
        message.send()

    async def do_mark(self, to, about):
        self["xep_0333"].send_marker(slixmpp.JID(to), about, "displayed")

    async def do_state(self, to, state):
        message = self.make_message(mto=to, mtype="chat")
        message["chat_state"] = state
        message.send()

    async def do_archive(self, peer):
        start = datetime(2020, 1, 1, tzinfo=timezone.utc)
        answer = await self["xep_0313"].retrieve(with_jid=slixmpp.JID(peer), start=start, rsm={"max": 100})
        forwarded = [result["mam_result"]["forwarded"]["stanza"] for result in answer["mam"]["results"]]
        return [{"sender": one["from"].bare, "id": one["id"], "body": one["body"]} for one in forwarded if one["body"]]

    async def run(self, line):
        request = json.loads(line)
        number, name = request.pop("id"), request.pop("do")
        try:
            say(id=number, ok=await getattr(self, "do_" + name)(**request))
        except Exception as failure:  # whatever it is, the test must hear of it
            say(id=number, failed="%s: %s" % (type(failure).__name__, failure))


async def main(make_client):
    jid, port, authority, *more = sys.argv[1:]
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    client = make_client(jid, (await reader.readline()).decode().rstrip("\n"), authority, *more)
    client.connect(("127.0.0.1", int(port)))
    while line := await reader.readline():
        await client.run(line)
    client.abort()


def run(make_client):
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(main(make_client))


if __name__ == "__main__":
    run(Client)
