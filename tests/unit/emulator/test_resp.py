import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.emulator.resp import Logins, encode

LOGIN = encode([b"AUTH", b"user", b"token"])


def swap(user, shown):
    return f"{user}:{shown[::-1]}"


def fed(data, size=None):
    logins, size = Logins(swap), size or max(len(data), 1)
    return b"".join(logins.feed(data[at : at + size]) for at in range(0, len(data), size))


def test_the_password_of_a_login_is_replaced():
    assert fed(LOGIN) == encode([b"AUTH", b"user", b"user:nekot"])
    assert fed(encode([b"hello", b"3", b"auth", b"u", b"t", b"SETNAME", b"AUTH"])) == encode(
        [b"hello", b"3", b"auth", b"u", b"u:t", b"SETNAME", b"AUTH"]
    )


@pytest.mark.parametrize(
    "command",
    [[b"AUTH", b"password"], [b"AUTH"], [b"HELLO"], [b"HELLO", b"3"], [b"HELLO", b"3", b"AUTH", b"u"],
     [b"SET", b"AUTH", b"u"], [b"MSET", *[b"k"] * 200], []],
)  # fmt: skip
def test_other_commands_go_through_as_they_are(command):
    assert fed(encode(command)) == encode(command)


@given(st.lists(st.lists(st.binary(max_size=40), max_size=5), max_size=6), st.integers(1, 50))
def test_how_the_bytes_are_cut_changes_nothing(commands, size):
    data = b"".join(map(encode, commands)) + LOGIN
    assert fed(data, size) == fed(data)
    assert fed(data).endswith(b"user:nekot\r\n")


@given(st.binary(max_size=200), st.integers(1, 50))
def test_no_bytes_get_lost_whatever_they_are(data, size):
    sent = fed(data, size)
    assert data.startswith(sent) or b"AUTH" in data.upper()


@pytest.mark.parametrize("data", [b"PING\r\n", b"*x\r\n", b"*1\r\n+x\r\n", b"*1\r\n$-1\r\n", b"*" + b"1" * 40])
def test_what_is_no_command_is_left_to_the_server(data):
    assert fed(data + LOGIN) == data + LOGIN
