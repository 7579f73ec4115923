"""A plugin for Gajim through which a test drives it: the lines of slixmpp-client.py on its standard streams.

Messages leave as from Gajim's own input field, through the same checks; those that arrive are told when Gajim shows
them. It must be the first name of the package that is a class: Gajim takes that for the plugin.
"""

import json
import sys
import threading
from types import SimpleNamespace

import gajim
from gajim.common import app, ged
from gajim.common.const import KindConstant
from gajim.common.structs import OutgoingMessage
from gajim.plugins import GajimPlugin
from gi.repository import GLib

ENCRYPTION = "OMEMO"


def say(**value):
    sys.__stdout__.write(json.dumps(value) + "\n")
    sys.__stdout__.flush()


class Driver(GajimPlugin):
    def init(self):
        self.events_handlers = {
            "signed-in": (ged.POSTGUI, self.signed_in),
            "password-required": (ged.PRECORE, lambda _: say(event="refused", reason="authentication")),
            "message-received": (ged.POSTGUI, self.received),
            "mam-message-received": (ged.POSTGUI, self.archived),
            "message-not-sent": (ged.POSTGUI, self.not_sent),
        }
        self.started = False

    def activate(self):
        threading.Thread(target=self.read, daemon=True).start()

    def signed_in(self, event):
        # A lost connection is made again by Gajim itself.
        if not self.started:
            say(event="started", jid=str(event.conn.get_own_jid()), version=gajim.__version__)
        self.started = True

    def received(self, event):
        self.tell(event, event.properties.is_sent_carbon, event.properties.carbon)

    def archived(self, event):
        self.tell(event, event.kind == KindConstant.CHAT_MSG_SENT, None)

    def tell(self, event, is_own, carbon):
        """`jid` is always the contact, also where we are who wrote."""
        if not event.msgtxt:
            return
        contact, own, number = str(event.jid), self.client.get_own_jid().bare, event.properties.id or ""
        sender, receiver = (own, contact) if is_own else (contact, own)
        if event.additional_data.get("encrypted") is None:
            say(event="unreadable", sender=sender, id=number, reason=event.msgtxt)
        elif is_own or carbon is not None:
            say(event="carbon", direction="sent" if is_own else "received", sender=sender, to=receiver, id=number,
                body=event.msgtxt)
        else:
            # Of what the sender wishes, Gajim's events have the receipt alone.
            receipt = event.properties.receipt
            say(event="text", sender=sender, id=number, body=event.msgtxt, marker=False,
                receipt=receipt is not None and receipt.type == "request")

    def not_sent(self, event):
        say(event="left-out", sender=str(event.jid), id="", reason=str(event.error))

    # ---------------------------------------------------------------- the parts of Gajim

    @property
    def client(self):
        return app.get_clients()[0]

    @property
    def omemo(self):
        return self.client.get_module(ENCRYPTION)

    def devices(self, jid):
        """Those that a message would go to: listed, trusted, and with a session."""
        backend = self.omemo.backend
        return [device for device in sorted(backend.get_devices(jid, without_self=True))
                if backend.storage.isTrusted(jid, device)]

    def message(self, to, body):
        contact = self.client.get_module("Contacts").get_contact(to)
        contact.settings.set("encryption", ENCRYPTION)
        return OutgoingMessage(account=self.client.account, contact=contact, message=body, type_="chat")

    def check(self, contact):
        """What Gajim's input field asks the encryption before it sends."""
        notes = []
        field = SimpleNamespace(account=contact.account, contact=contact, is_groupchat=False, sendmessage=True,
                                add_info_message=notes.append)
        app.plugin_manager.extension_point("send_message" + ENCRYPTION, field)
        if not field.sendmessage:
            raise RuntimeError("Gajim does not send: %s" % notes)

    # ---------------------------------------------------------------- commands: each gives a value or fails

    def do_befriend(self, jid):
        presence = self.client.get_module("Presence")
        presence.subscribed(jid)
        presence.subscribe(jid, auto_auth=True)

    def do_text(self, to, body):
        message = self.message(to, body)
        self.check(message.contact)
        self.client.send_message(message)
        if message.stanza.getTag("encrypted") is None:
            raise RuntimeError("it was not encrypted")
        return message.message_id

    def do_spoil(self, to, body):
        """Sends a message whose keys were damaged on the way."""
        message = self.message(to, body)
        message.stanza = self.client.get_module("Message").build_message_stanza(message)
        self.omemo.encrypt_message(self.client, message, self.send_spoiled, False)
        return message.message_id

    def send_spoiled(self, message):
        encrypted = message.stanza.getTag("encrypted")
        for key in encrypted.getTag("header").getTags("key"):
            text = key.getData()
            middle = len(text) // 2
            key.setData(text[:middle] + ("A" if text[middle] != "A" else "B") + text[middle + 1:])
        self.client.send_stanza(message.stanza)

    def do_forget(self, jid):
        """Loses all sessions with an address."""
        self.omemo.backend.storage.deleteAllSessions(jid)

    def do_device(self):
        return self.omemo.backend.own_device

    def do_knows(self, jid):
        return self.devices(jid)

    def do_quit(self):
        app.app.start_shutdown()

    # ---------------------------------------------------------------- lines

    def read(self):
        """In a thread of its own; what it reads is done in Gajim's."""
        for line in sys.stdin:
            GLib.idle_add(self.run, json.loads(line))
        GLib.idle_add(self.do_quit)

    def run(self, request):
        number, name = request.pop("id"), request.pop("do")
        try:
            say(id=number, ok=getattr(self, "do_" + name)(**request))
        except Exception as failure:  # whatever it is, the test must hear of it
            say(id=number, failed="%s: %s" % (type(failure).__name__, failure))
        return GLib.SOURCE_REMOVE
