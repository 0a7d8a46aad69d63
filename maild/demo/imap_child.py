"""The playground's IMAP server: pymap with several users, in a process of its own. Run by `maild.demo.mailserver`, never imported.

Its first line of standard input names the users and their passwords as JSON; it answers with its port and serves until that input ends,
so that it goes when its parent goes, however that happens. pymap's command line knows one user only, hence its classes are put together
here (OPERATIONS 2.4).
"""

import asyncio
import json
import os
import signal
import sys
from argparse import Namespace

from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import Config, Login
from pymap.backend.dict.mailbox import MailboxData
from pymap.concurrent import Event
from pymap.imap import IMAPServer
from pymap.selected import SelectedMailbox
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

HOST = "127.0.0.1"


def main() -> None:
    """Serve until standard input ends."""
    # pymap greets with the host's full name, and looking that up may take seconds.
    os.environ["FQDN"] = "localhost"
    # Ctrl-C on a terminal reaches the whole process group; the parent ends this process itself, after the desk.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    passwords: dict[str, str] = json.loads(sys.stdin.readline())
    asyncio.run(_serve(passwords))


async def _serve(passwords: dict[str, str]) -> None:
    config = _configuration()
    config.apply_context()
    _tell_what_came_before_idle()
    login = Login(config)
    for user, password in passwords.items():
        login.users_dict[user] = UserMetadata(config, user, password=password)
    answer = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(login, config))
    server = await asyncio.start_server(answer, HOST, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    # Clients may still be connected, and pymap would wait for them; there is nothing to save.
    os._exit(0)


def _tell_what_came_before_idle() -> None:
    """pymap tells a client in IDLE of the next change and keeps to itself what came since the client's last command, which RFC 2177 lets it
    wait for: a mail in that moment would lie there until the client asks again, minutes later.
    """
    wait_and_update = MailboxData.update_selected

    async def update(mailbox: MailboxData, selected: SelectedMailbox, *, wait_on: Event | None = None) -> SelectedMailbox:
        is_behind = selected.mod_sequence != mailbox._mod_sequences.highest
        return await wait_and_update(mailbox, selected, wait_on=None if is_behind else wait_on)

    MailboxData.update_selected = update  # type: ignore[method-assign, assignment]


def _configuration() -> Config:
    """Everybody on loopback, passwords in the clear: hashing them costs 0.2 s a login."""
    arguments = Namespace(passlib_cfg=None, proxy_protocol=None, inherited_sockets=None)
    return Config(
        arguments,
        demo_data=False,
        demo_user="",
        demo_password="",
        host=HOST,
        port=0,
        tls_enabled=False,
        hash_context=Cleartext(),
        reject_dnsbl=False,
        invalid_user_sleep=0.0,
    )


if __name__ == "__main__":
    main()
