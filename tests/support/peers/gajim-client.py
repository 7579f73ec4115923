"""Gajim with its OMEMO plugin on a display of its own, driven over its standard streams as slixmpp-client.py describes.

A plugin for Gajim, `gajim-driver`, speaks the lines. Arguments: JID, port, file with the certificate authority, folder
of the profile: an existing one is a restart. The password comes as the first line of the input.
"""

import ctypes
import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
SOMEBODY = 1000
ACCOUNT = "test"


def end_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def open_display():
    """Xvfb takes a display that is free, and ends with us, however that is."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x1024x24", "-nolisten", "tcp", "-noreset"]
    subprocess.Popen(command, pass_fds=[writing], preexec_fn=end_with_parent,
                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        number = pipe.readline().strip()
    if not number:
        sys.exit("there is no display")
    return ":" + number


def make_profile(profile, jid, port, password):
    """What the assistants would ask for: an account, and the plugin that drives."""
    from gajim.common.settings import CREATE_SQL

    (profile / "plugins").mkdir(parents=True)
    (profile / "plugins" / "driver").symlink_to(Path(__file__).resolve().with_name("gajim-driver"))
    address, resource = jid.split("/")
    name, domain = address.split("@")
    app = {"use_keyring": False, "remote_control": False}
    account = {"name": name, "hostname": domain, "resource": resource, "account_label": address, "active": True,
               "password": password, "savepass": True, "autoconnect": True, "autoauth": True,
               "use_custom_host": True, "custom_host": "127.0.0.1", "custom_port": port, "custom_type": "START TLS"}
    with sqlite3.connect(profile / "settings.sqlite") as database:
        database.executescript(CREATE_SQL)
        change = "UPDATE settings SET settings = ? WHERE name = ?"
        database.execute(change, (json.dumps(app), "app"))
        database.execute(change, (json.dumps({"driver": {"active": True}}), "plugins"))
        database.execute("INSERT INTO account_settings VALUES (?, ?)",
                         (ACCOUNT, json.dumps({"account": account, "contact": {}, "group_chat": {}})))
    database.close()


def main():
    jid, port, authority, profile = sys.argv[1], int(sys.argv[2]), sys.argv[3], Path(sys.argv[4])
    # Standard output belongs to the lines, and what Gajim prints to the errors.
    sys.stdout = sys.stderr
    password = sys.stdin.readline().rstrip("\n")
    for variable in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"):
        os.environ[variable] = str(profile.parent)
    # Nothing of the system's session is to be asked, or started.
    os.environ.update(DISPLAY=open_display(), GDK_BACKEND="x11", GSETTINGS_BACKEND="memory", NO_AT_BRIDGE="1",
                      DBUS_SESSION_BUS_ADDRESS="disabled:", LANG="C.UTF-8", LC_ALL="C.UTF-8")
    sys.dont_write_bytecode = True
    # It refuses to be root, as which test machines often run. Nobody but a server of ours hears of it.
    os.geteuid = lambda: SOMEBODY

    from gajim import gajim
    gajim._check_required_deps()
    from gi.repository import Gio
    Gio.TlsBackend.get_default().set_default_database(Gio.TlsFileDatabase.new(authority))
    if not profile.exists():
        make_profile(profile, jid, port, password)
    sys.argv = ["gajim", "--separate", "--config-path", str(profile)]
    gajim.main()


if __name__ == "__main__":
    main()
