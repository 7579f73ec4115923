"""A slixmpp client with OMEMO 0.3, as slixmpp-client.py drives it: python-omemo with the glue that Debian lacks.

Texts go out encrypted; what comes encrypted is told as if it had come in the clear, and what cannot be read as
{"event": "unreadable"}. Arguments as there, then the file that keeps the keys: an existing one is a restart.
"""

import asyncio
import importlib.util
import json
import os
from pathlib import Path
from xml.etree import ElementTree

import oldmemo
import oldmemo.etree
import omemo
from slixmpp import JID
from slixmpp.exceptions import IqError, IqTimeout

spec = importlib.util.spec_from_file_location("slixmpp_client", Path(__file__).with_name("slixmpp-client.py"))
base = importlib.util.module_from_spec(spec)
spec.loader.exec_module(base)

NAMESPACE = oldmemo.oldmemo.NAMESPACE
DEVICE_LIST = NAMESPACE + ".devicelist"
ENCRYPTED = "{%s}encrypted" % NAMESPACE
FALLBACK = "I sent you an OMEMO encrypted message but your client doesn't seem to support that."


def bundle_node(device):
    return "%s.bundles:%d" % (NAMESPACE, device)


class Storage(omemo.Storage):
    """All keys in one file."""

    def __init__(self, path):
        super().__init__(disable_cache=True)
        self.path = path
        self.values = {}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self.values = json.load(file)

    async def _load(self, key):
        return omemo.Just(self.values[key]) if key in self.values else omemo.Nothing()

    async def _store(self, key, value):
        self.values[key] = value

    async def _delete(self, key):
        self.values.pop(key, None)

    def save(self):
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump(self.values, file)
        os.replace(self.path + ".new", self.path)


def make_manager(client):
    """A session manager whose network is this client; every device is trusted."""

    class Manager(omemo.SessionManager):
        @staticmethod
        async def _upload_bundle(bundle):
            await client.publish(bundle_node(bundle.device_id), oldmemo.etree.serialize_bundle(bundle))

        @staticmethod
        async def _download_bundle(namespace, bare_jid, device_id):
            try:
                payload = await client.item(bare_jid, bundle_node(device_id))
            except (IqError, IqTimeout) as failure:
                raise omemo.BundleDownloadFailed(str(failure)) from failure
            if payload is None:
                raise omemo.BundleNotFound("no bundle of %s, %d" % (bare_jid, device_id))
            return oldmemo.etree.parse_bundle(payload, bare_jid, device_id)

        @staticmethod
        async def _delete_bundle(namespace, device_id):
            pass

        @staticmethod
        async def _upload_device_list(namespace, device_list):
            await client.publish(DEVICE_LIST, oldmemo.etree.serialize_device_list(device_list))

        @staticmethod
        async def _download_device_list(namespace, bare_jid):
            try:
                payload = await client.item(bare_jid, DEVICE_LIST)
            except IqError as failure:
                if failure.condition == "item-not-found":
                    return {}
                raise omemo.DeviceListDownloadFailed(str(failure)) from failure
            return {} if payload is None else oldmemo.etree.parse_device_list(payload)

        async def _evaluate_custom_trust_level(self, device):
            return omemo.TrustLevel.TRUSTED

        async def _make_trust_decision(self, undecided, identifier):
            pass

        @staticmethod
        async def _send_message(message, bare_jid):
            client.send_encrypted(bare_jid, message)

    return Manager


class OmemoClient(base.Client):
    def __init__(self, jid, password, authority, state):
        super().__init__(jid, password, authority, ["xep_0060", "xep_0163", "xep_0380"])
        self.storage = Storage(state)
        self.manager = None
        # Ratchets go forward in one order: that of the stanzas, with what is sent in between.
        self.turn = asyncio.Lock()
        self["xep_0163"].add_interest(DEVICE_LIST)
        self["xep_0060"].map_node_event(DEVICE_LIST, "omemo_devices")
        self.add_event_handler("omemo_devices_publish", self.devices)

    async def prepare(self):
        own = self.boundjid.bare
        backends = [oldmemo.Oldmemo(self.storage)]
        self.manager = await make_manager(self).create(backends, self.storage, own, None, "")
        await self.manager.after_history_sync()
        self.storage.save()

    # ---------------------------------------------------------------- nodes

    async def publish(self, node, payload):
        form = self["xep_0004"].make_form(ftype="submit")
        form.add_field(var="FORM_TYPE", ftype="hidden",
                       value="http://jabber.org/protocol/pubsub#publish-options")
        form.add_field(var="pubsub#access_model", value="open")
        await self["xep_0060"].publish(None, node, id="current", payload=payload, options=form)

    async def item(self, jid, node):
        answer = await self["xep_0060"].get_items(JID(jid), node)
        items = list(answer["pubsub"]["items"])
        return items[0]["payload"] if items else None

    async def devices(self, message):
        payload = next(iter(message["pubsub_event"]["items"]))["payload"]
        async with self.turn:
            try:
                listed = oldmemo.etree.parse_device_list(payload)
                await self.manager.update_device_list(NAMESPACE, message["from"].bare, listed)
                self.storage.save()
            except Exception as failure:
                base.say(event="unreadable", sender=message["from"].bare, id="", reason=repr(failure))

    # ---------------------------------------------------------------- messages

    def send_encrypted(self, to, message, number=None, decorate=lambda stanza: None):
        stanza = self.make_message(mto=to, mtype="chat")
        if number is not None:
            stanza["id"] = number
        stanza["origin_id"]["id"] = stanza["id"]
        stanza.xml.append(oldmemo.etree.serialize_message(message))
        stanza.enable("store")
        if not message.content.empty:
            stanza["body"] = FALLBACK
            stanza["eme"]["namespace"] = NAMESPACE
        decorate(stanza)
        stanza.send()
        return stanza["id"]

    async def encrypt(self, to, body):
        messages, errors = await self.manager.encrypt(frozenset([to]), {NAMESPACE: body.encode()})
        if errors:
            base.say(event="left-out", sender=to, id="", reason=repr(errors))
        self.storage.save()
        return next(iter(messages))

    async def decrypt(self, stanza):
        """The text; None for an empty message, and for what was told as unreadable."""
        sender = stanza["from"].bare
        async with self.turn:
            try:
                message = await oldmemo.etree.parse_message(stanza.xml.find(ENCRYPTED), sender,
                                                            self.boundjid.bare, self.manager)
                plaintext, _, _ = await self.manager.decrypt(message)
                return None if plaintext is None else plaintext.decode()
            except Exception as failure:
                reason = "%r <- %r" % (failure, failure.__cause__)
                base.say(event="unreadable", sender=sender, id=stanza["id"], reason=reason)
                return None
            finally:
                self.storage.save()

    def message(self, stanza):
        if stanza.xml.find(ENCRYPTED) is None:
            super().message(stanza)
        else:
            asyncio.ensure_future(self.encrypted(stanza))

    async def encrypted(self, stanza):
        body = await self.decrypt(stanza)
        if body is not None:
            self.tell("text", stanza, body=body, **self.wishes(stanza))

    def carbon(self, direction, stanza):
        if stanza.xml.find(ENCRYPTED) is None:
            super().carbon(direction, stanza)
        else:
            asyncio.ensure_future(self.encrypted_carbon(direction, stanza))

    async def encrypted_carbon(self, direction, stanza):
        body = await self.decrypt(stanza)
        if body is not None:
            base.say(event="carbon", direction=direction, sender=stanza["from"].bare, to=stanza["to"].bare,
                     id=stanza["id"], body=body)

    # ---------------------------------------------------------------- commands

    async def do_text(self, to, body):
        def wishes(stanza):
            stanza["request_receipt"] = True
            stanza.enable("markable")

        async with self.turn:
            return self.send_encrypted(to, await self.encrypt(to, body), decorate=wishes)

    async def do_correct(self, to, about, body):
        def correction(stanza):
            stanza["replace"]["id"] = about

        async with self.turn:
            return self.send_encrypted(to, await self.encrypt(to, body), decorate=correction)

    async def do_spoil(self, to, body):
        """Sends a message whose keys were damaged on the way."""
        async with self.turn:
            element = oldmemo.etree.serialize_message(await self.encrypt(to, body))
        for key in element.iter("{%s}key" % NAMESPACE):
            middle = len(key.text) // 2
            key.text = key.text[:middle] + ("A" if key.text[middle] != "A" else "B") + key.text[middle + 1:]
        stanza = self.make_message(mto=to, mbody=FALLBACK, mtype="chat")
        stanza["origin_id"]["id"] = stanza["id"]
        stanza.xml.append(element)
        stanza.enable("store")
        stanza.send()
        return stanza["id"]

    async def do_forget(self, jid):
        """Loses all sessions with an address."""
        async with self.turn:
            for device in await self.manager.get_device_information(jid):
                prefix = "/%s/%s/%d/" % (NAMESPACE, jid, device.device_id)
                for key in [one for one in self.storage.values if one.startswith(prefix)]:
                    del self.storage.values[key]
                devices = "/%s/%s/device_ids" % (NAMESPACE, jid)
                if devices in self.storage.values:
                    self.storage.values[devices].remove(device.device_id)
            self.storage.save()

    async def do_device(self):
        own, _ = await self.manager.get_own_device_information()
        return own.device_id

    async def do_knows(self, jid):
        """The devices of an address that a message would go to."""
        devices = await self.manager.get_device_information(jid)
        return sorted(one.device_id for one in devices if dict(one.active).get(NAMESPACE))


if __name__ == "__main__":
    base.run(OmemoClient)
