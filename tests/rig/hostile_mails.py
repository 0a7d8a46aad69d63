"""Mails that crash Python's parsers (MAIL.md, "Seen"), and mails that take them minutes; by what they are, as wire bytes."""

SEEN = {
    "open message id": b"Message-ID: <\r\n\r\nhi",
    "bracketed message id": b"Message-ID: <[a]@x>\r\n\r\nhi",
    "nested comments": b"From: " + b"(" * 500 + b")" * 500 + b" ann@x\r\n\r\nhi",
    "unknown charset": b"Content-Type: text/plain; charset=klingon\r\n\r\ncaf\xe9",
    "empty charset": b'Content-Type: text/plain; charset=""\r\n\r\ncaf\xe9',
    "codec that is no charset": b"Content-Type: text/plain; charset=base64\r\n\r\ncaf\xe9",
    "idna": b"Content-Type: text/plain; charset=idna\r\n\r\ncaf\xe9",
    "undefined": b"Content-Type: text/plain; charset=undefined\r\n\r\ncaf\xe9",
    "NUL in charset": b'Content-Type: text/plain; charset="utf\x00-8"\r\n\r\ncaf\xe9',
    "no boundary": b"Content-Type: multipart/mixed\r\n\r\nhi",
    "raw bytes": b"Subject: caf\xe9\r\nFrom: caf\xe9 <a@x>\r\n\r\nhi",
    "year 0000": b"Date: Mon, 01 Jan 0000 00:00:00 +0000\r\n\r\nhi",
    "NUL everywhere": b"Sub\x00ject: x\x00y\r\nFrom: a\x00@x\r\n\r\nh\x00i",
    "only a name": b":\r\n\r\nhi",
    "nothing": b"",
    "line ends": b"\r\r\n\n\r",
    "invalid utf-7": b"Content-Type: text/plain; charset=utf-7\r\n\r\n+AAA-+\xff",
    "rfc822 without message": b"Content-Type: message/rfc822\r\n\r\n",
    "partial": b"Content-Type: message/partial; id=x; number=1\r\n\r\nhi",
    "name with path": b'Content-Type: text/x; name="../../etc/passwd"\r\n\r\nhi',
    "broken parameter continuation": b"Content-Type: text/plain; charset*1=8; charset*0=utf-; name*x*=y\r\n\r\nhi",
    "surrogate in encoded word": b"Subject: =?utf-16?b?2AA=?=\r\n\r\nhi",
    "line break in an encoded word": b"Subject: =?utf-8?q?a=0D=0ABcc:_eve@x?=\r\n\r\nhi",
    "NUL in an encoded word": b"Subject: =?utf-8?q?a=00b?=\r\n\r\nhi",
    "two From fields": b"From: ann@x\r\nFrom: eve@x\r\n\r\nhi",
    "1,000 nested parts": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (depth, depth) for depth in range(1000)
    )
    + b"\r\nhi",
}

HOSTILE = {
    "20,000 encoded words": b"Subject: " + b"=?utf-8?q?a?= " * 20_000 + b"\r\n\r\nhi",
    "20,000 addresses": b"To: " + b"ann@x, " * 20_000 + b"\r\n\r\nhi",
    "20,000 quotes": b"From: " + b'"' * 20_000 + b"\r\n\r\nhi",
    "a megabyte of quotes": b"From: " + b'"' * 1_000_000 + b"\r\n\r\nhi",
    "20,000 dots": b"From: " + b"." * 20_000 + b"\r\n\r\nhi",
    "a megabyte of Message-ID": b"Message-ID: <" + b"a" * 1_000_000 + b">\r\n\r\nhi",
    "100,000 fields": b"X-A: b\r\n" * 100_000 + b"\r\nhi",
    "long Content-Type": b"Content-Type: text/plain" + b';"' * 500_000 + b"\r\n\r\nhi",
    "10,000 parts": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nhi\r\n" * 10_000,
    "50,000 messages in messages": b"Content-Type: message/rfc822\r\n\r\n" * 50_000,
    "1,000 messages with headers": b"".join(
        b"From: ann@x\r\nTo: bob@x\r\nSubject: %d\r\nMessage-ID: <%d@x>\r\nContent-Type: message/rfc822\r\n\r\n" % (depth, depth)
        for depth in range(1000)
    )
    + b"hi",
    "combining marks": b"Content-Type: text/plain; charset=utf-8\r\n\r\na" + "\u0301\u0316".encode() * 200_000,
    "open comments in HTML": b"Content-Type: text/html\r\n\r\n" + b"<!--" * 100_000,
    "10 MB of escapes": b"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n" + b"\x1b$B" * 3_500_000,
    "10 MB of numbers": b"Subject: x\r\n\r\n" + (b"1:" * 900 + b"\n") * 5_500,
    "10 MB of attributions": b"Subject: x\r\n\r\n" + b"On Mon, 1 Jan 2024 at 10:00, Ann <a@b.c> wrote\n" * 200_000,
}
