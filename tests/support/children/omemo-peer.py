#!/usr/bin/python3
"""
An OMEMO device of python-omemo, which other clients are made of: one JSON object a line in, one a line out.

    omemo-peer.py <own bare JID> <file that keeps its state> <old | two>

Bundles and device lists are handed over in memory; nothing goes over a network.
"""
import asyncio
import json
import os
import sys
import xml.etree.ElementTree as ET

import oldmemo
import oldmemo.etree
import omemo
import twomemo
import twomemo.etree
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

OWN, STATE, KIND = sys.argv[1:4]
XML = oldmemo.etree if KIND == "old" else twomemo.etree
NAMESPACE = oldmemo.oldmemo.NAMESPACE if KIND == "old" else twomemo.twomemo.NAMESPACE

bundles = {}
device_lists = {}
# Empty messages that the library wants to be sent: answers to key exchanges, heartbeats.
outbox = []


class Storage(omemo.Storage):
    """All state in one file, so that the peer can be restarted."""

    def __init__(self):
        super().__init__()
        self.values = {}
        if os.path.exists(STATE):
            with open(STATE, encoding="utf-8") as file:
                self.values = json.load(file)

    async def _load(self, key):
        return omemo.Just(self.values[key]) if key in self.values else omemo.Nothing()

    async def _store(self, key, value):
        self.values[key] = value

    async def _delete(self, key):
        self.values.pop(key, None)

    def save(self):
        with open(STATE, "w", encoding="utf-8") as file:
            json.dump(self.values, file)
        # What a server would keep: the library uploads its bundle once.
        known = [[jid, device, serialize(XML.serialize_bundle(bundle))]
                 for (jid, device), bundle in bundles.items()]
        with open(f"{STATE}.bundles", "w", encoding="utf-8") as file:
            json.dump(known, file)


class Oldmemo(oldmemo.Oldmemo):
    """Seals payloads as clients did before 2018, if asked to."""

    form = "usual"

    async def encrypt_plaintext(self, plaintext):
        if self.form == "usual":
            return await super().encrypt_plaintext(plaintext)
        key, iv = os.urandom(16), os.urandom(16 if self.form == "long-iv" else 12)
        aes = Cipher(algorithms.AES(key), modes.GCM(iv)).encryptor()
        ciphertext = aes.update(plaintext) + aes.finalize()
        in_payload, beside_key = (aes.tag, b"") if self.form == "tag-in-payload" else (b"", aes.tag)
        return (oldmemo.oldmemo.ContentImpl(ciphertext + in_payload, iv),
                oldmemo.oldmemo.PlainKeyMaterialImpl(key, beside_key))


BACKEND = Oldmemo if KIND == "old" else twomemo.Twomemo


class Manager(omemo.SessionManager):
    @staticmethod
    async def _upload_bundle(bundle):
        bundles[(bundle.bare_jid, bundle.device_id)] = bundle

    @staticmethod
    async def _download_bundle(namespace, bare_jid, device_id):
        if (bare_jid, device_id) not in bundles:
            raise omemo.BundleDownloadFailed("no bundle")
        return bundles[(bare_jid, device_id)]

    @staticmethod
    async def _delete_bundle(namespace, device_id):
        pass

    @staticmethod
    async def _upload_device_list(namespace, device_list):
        device_lists[OWN] = device_list

    @staticmethod
    async def _download_device_list(namespace, bare_jid):
        return device_lists.get(bare_jid, {})

    async def _evaluate_custom_trust_level(self, device):
        return omemo.TrustLevel.TRUSTED

    async def _make_trust_decision(self, undecided, identifier):
        pass

    @staticmethod
    async def _send_message(message, bare_jid):
        outbox.append(serialize(XML.serialize_message(message)))


def serialize(element):
    return ET.tostring(element, encoding="unicode")


def describe(error):
    cause = f" <- {error.__cause__!r}" if error.__cause__ else ""
    return f"{type(error).__name__}: {error}{cause}"


async def parse(manager, element, sender):
    if KIND == "old":
        return await XML.parse_message(element, sender, OWN, manager)
    return XML.parse_message(element, sender)


async def decrypt(manager, text, sender):
    try:
        message = await parse(manager, ET.fromstring(text), sender)
        plaintext, _, _ = await manager.decrypt(message)
        return {"text": None if plaintext is None else plaintext.decode()}
    except Exception as error:  # what a peer cannot read is an answer
        return {"error": describe(error)}


async def answer(manager, storage, own_id, command):
    match command["op"]:
        case "bundle":
            return {"id": own_id, "xml": serialize(XML.serialize_bundle(bundles[(OWN, own_id)]))}
        case "meet":
            jid = command["jid"]
            device_lists[jid] = {int(device): None for device in command["bundles"]}
            for device, text in command["bundles"].items():
                bundle = XML.parse_bundle(ET.fromstring(text), jid, int(device))
                bundles[(jid, int(device))] = bundle
            await manager.update_device_list(NAMESPACE, jid, device_lists[jid])
            return {}
        case "encrypt":
            Oldmemo.form = command.get("form", "usual")
            sealed = []
            for text in command["texts"]:
                messages, errors = await manager.encrypt(
                    frozenset([command["jid"]]), {NAMESPACE: text.encode()}
                )
                if errors:
                    raise RuntimeError(str(errors))
                sealed += [serialize(XML.serialize_message(message)) for message in messages]
            return {"xml": sealed}
        case "decrypt":
            results = [await decrypt(manager, text, command["jid"]) for text in command["xml"]]
            answers, outbox[:] = outbox[:], []
            return {"results": results, "outbox": answers}
        case "save":
            storage.save()
            return {}
        case other:
            raise ValueError(f"no operation {other}")


def recall_bundles():
    if not os.path.exists(f"{STATE}.bundles"):
        return
    with open(f"{STATE}.bundles", encoding="utf-8") as file:
        for jid, device, text in json.load(file):
            bundles[(jid, device)] = XML.parse_bundle(ET.fromstring(text), jid, device)
            device_lists.setdefault(jid, {})[device] = None


async def main():
    recall_bundles()
    storage = Storage()
    manager = await Manager.create([BACKEND(storage)], storage, OWN, None, "")
    await manager.after_history_sync()
    own, _ = await manager.get_own_device_information()
    reader = asyncio.StreamReader(limit=1 << 26)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    print(json.dumps({"ready": own.device_id}), flush=True)
    while line := await reader.readline():
        try:
            result = await answer(manager, storage, own.device_id, json.loads(line))
        except Exception as error:
            result = {"error": describe(error)}
        print(json.dumps(result), flush=True)


asyncio.run(main())
