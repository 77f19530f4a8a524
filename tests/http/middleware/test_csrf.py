"""CSRF, row by row of the cases (X1-X16); the ids of the tests are the numbers of the rows."""

import logging
from collections.abc import Mapping
from typing import Annotated, Any

import pytest

from framework import App, Controller, Form, OpenAPI, Request, Response, UploadFile, get, patch, post, route
from framework.middleware import CSRF, CSRFToken, ProxyHeaders, ResponseCache, Session, Sessions, csrf_token
from framework.stores import MemoryStore
from tests.http.middleware.session_shop import SECRET, Browser, Cart, Recording
from tests.http.raw import Answer, ask
from tests.http.shapes import Serve, app_of, problem

HOST = {"Host": "shop.example", "X-Forwarded-Proto": "https"}
OWN = "https://shop.example"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Bank(Controller):
    """Has forms, and changes things."""

    @get("/form", media_type="text/html")
    async def form(self, token: CSRFToken) -> str:
        """Return a form with a token."""
        return f"<form>{token.field()}</form>"

    @get("/token")
    async def token(self, token: CSRFToken) -> str:
        """Return a token for a script."""
        return str(token)

    @get("/template")
    async def template(self, request: Request, token: CSRFToken) -> list[bool]:
        """Make tokens as a template does."""
        return [csrf_token(request) != str(token), len(csrf_token(request)) == len(str(token))]

    @get("/forgotten")
    async def forgotten(self, request: Request) -> str:
        """Make a token without requiring one."""
        return csrf_token(request)

    @get("/unused")
    async def unused(self, _: CSRFToken) -> str:
        """Require a token, and send none."""
        return ""

    @post("/login")
    async def login(self, user: int, session: Session[Cart], token: CSRFToken) -> str:
        """Log in; return a token of the new session."""
        session.value.user = user
        session.renew()
        return str(token)

    @post("/visit")
    async def visit(self, session: Session[Cart], token: CSRFToken) -> str:
        """Begin a session; return a token that is bound to it."""
        session.value.items.append("tea")
        return str(token)

    @post("/logout")
    async def logout(self, session: Session[Cart], token: CSRFToken) -> str:
        """Log out; return a token for the next login."""
        session.end()
        return str(token)

    @post("/transfer")
    async def transfer(self) -> str:
        """Change something, without looking at the session."""
        return "done"

    @post("/named")
    async def named(self, name: Annotated[str, Form()]) -> str:
        """Read a form."""
        return name

    @post("/photo")
    async def photo(self, photo: UploadFile) -> str:
        """Read a form with a file."""
        return (await photo.read()).decode()

    @patch("/json")
    async def json(self, body: dict[str, int]) -> dict[str, int]:
        """Read JSON."""
        return body

    @route("/safe", methods=("GET", "OPTIONS"))
    async def safe(self) -> str:
        """Change nothing."""
        return "safe"

    @post("/hook", metadata={"csrf": False})
    async def hook(self) -> str:
        """Be called by another server, which signs what it sends."""
        return "hooked"


def bank(csrf: CSRF | None = None, **place: Any) -> App:
    """Return the bank behind a proxy with TLS."""
    sessions = Sessions(Cart, **(place or {"store": MemoryStore()}))
    trusted = ProxyHeaders(trusted=("127.0.0.1",))
    return app_of(Bank, middlewares=[trusted, sessions, csrf or CSRF(secret=SECRET)])


def places() -> list[dict[str, Any]]:
    """Return the options of sessions of both kinds."""
    return [{"store": MemoryStore()}, {"secret": SECRET}]


class Forms(Controller):
    """Counts how often its form is made."""

    made = 0

    @get("/form")
    async def form(self, token: CSRFToken) -> str:
        """Return a token."""
        Forms.made += 1
        return str(token)

    @get("/unused")
    async def unused(self, _: CSRFToken) -> int:
        """Require a token, and send none."""
        Forms.made += 1
        return Forms.made


@pytest.mark.parametrize("place", [{"store": MemoryStore()}, {"secret": SECRET}], ids=["store", "secret"])
@pytest.mark.parametrize("path", ["/form", "/unused"])
async def test_a_cache_further_in_stores_no_token(serve: Serve, place: dict[str, Any], path: str) -> None:
    """The cookie of a token is set outside of the cache, which does not see it."""
    layers = [Sessions(Cart, **place), CSRF(secret=SECRET), ResponseCache(ttl=60, vary=())]
    server = await serve(app_of(Forms, middlewares=layers))
    made = Forms.made

    first, second = [await ask(server, "GET", path, headers=HOST) for _ in range(2)]
    head = await ask(server, "HEAD", path, headers=HOST)

    assert first.body != second.body
    assert Forms.made == made + 3
    assert "Age" not in second.headers
    assert "Age" not in head.headers


def test_secrets_are_not_shown() -> None:
    """``repr`` of a layer is what a debugger, a log line or an error report shows."""
    secret = "sesame" * 6

    for one in (CSRF(secret=secret), Sessions(Cart, secret=secret), Sessions(Cart, secret=(secret, SECRET))):
        assert "sesame" not in repr(one)


@pytest.fixture(params=["store", "secret"])
async def user(request: pytest.FixtureRequest, serve: Serve) -> Browser:
    """Return the browser of a user that is logged in."""
    place: dict[str, Any] = {"store": MemoryStore()} if request.param == "store" else {"secret": SECRET}
    browser = Browser(await serve(bank(**place)), HOST)
    answer = await browser.post("/login?user=7", headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status == 200
    assert browser.session is not None
    return browser


async def token_for(browser: Browser) -> str:
    """Return a token of the visitor."""
    return (await browser.send("GET", "/token")).body.decode()


def is_refused(answer: Answer, target: str = "/transfer") -> bool:
    """Return whether a response is the 403, without a reason."""
    return answer.status == 403 and answer.problem == problem(403, target)


PASSES: Mapping[str, Mapping[str, str]] = {
    "X1 same-origin": {"Sec-Fetch-Site": "same-origin"},
    "X1 none": {"Sec-Fetch-Site": "none"},
    "X1 over Origin": {"Sec-Fetch-Site": "same-origin", "Origin": "http://shop.example"},
    "X4": {"Origin": OWN},
}
REFUSED: Mapping[str, Mapping[str, str]] = {
    "X2": {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    "X2 without Origin": {"Sec-Fetch-Site": "cross-site"},
    "X2 with our Origin": {"Sec-Fetch-Site": "cross-site", "Origin": OWN},
    "X2 unknown": {"Sec-Fetch-Site": "something"},
    "X2 empty": {"Sec-Fetch-Site": ""},
    "X2 twice": {"Sec-Fetch-Site": "same-origin, cross-site"},
    "X3": {"Sec-Fetch-Site": "same-site", "Origin": "https://blog.shop.example"},
    "X5 null": {"Origin": "null"},
    "X5 port": {"Origin": f"{OWN}:8443"},
    "X5 scheme": {"Origin": "http://shop.example"},
    "X5 host": {"Origin": "https://shop.example.evil.test"},
    "X5 slash": {"Origin": f"{OWN}/"},
    "X6": {"Referer": "https://evil.example/page"},
    "X6 none": {"Referer": "about:blank"},
    "X6 path": {"Referer": "/page"},
    "X6 like ours": {"Referer": "https://shop.example@evil.example/"},
}


@pytest.mark.parametrize("headers", PASSES.values(), ids=PASSES)
async def test_signs_of_the_same_origin(user: Browser, headers: Mapping[str, str]) -> None:
    """X1, X4: no token is required."""
    assert (await user.post("/transfer", headers=headers)).body == b"done"


@pytest.mark.parametrize("headers", REFUSED.values(), ids=REFUSED)
async def test_signs_of_another_origin(user: Browser, headers: Mapping[str, str]) -> None:
    """X2, X3, X5, X6: refused even with a valid token."""
    token = await token_for(user)

    assert is_refused(await user.post("/transfer", headers={**headers, "X-CSRF-Token": token}))
    assert is_refused(await user.post("/transfer", headers=headers))


async def test_two_lines_of_a_sign(user: Browser) -> None:
    """X2, X5: a header that is there twice shows no same origin."""
    server = user.server
    for name, value in (("Sec-Fetch-Site", "same-origin"), ("Origin", OWN)):
        sent = {**HOST, "Cookie": f"__Host-session={user.session}", name: value, name.lower(): value}
        assert is_refused(await ask(server, "POST", "/transfer", headers=sent))


@pytest.mark.parametrize(
    ("origins", "headers", "status"),
    [
        (("https://blog.shop.example",), {"Sec-Fetch-Site": "same-site", "Origin": "https://blog.shop.example"}, 200),
        (("https://*.shop.example",), {"Sec-Fetch-Site": "same-site", "Origin": "https://blog.shop.example"}, 200),
        (("https://app.example",), {"Sec-Fetch-Site": "cross-site", "Origin": "https://app.example"}, 200),
        (("https://app.example",), {"Origin": "https://app.example"}, 200),
        (("https://app.example",), {"Sec-Fetch-Site": "cross-site"}, 403),
        (("https://app.example",), {"Origin": "http://app.example"}, 403),
        (("https://app.example",), {"Referer": "https://app.example/x"}, 403),
    ],
)
async def test_x3_origins_that_are_named(
    serve: Serve, origins: tuple[str, ...], headers: Mapping[str, str], status: int
) -> None:
    """X3: their pages may send requests; a Referer alone still requires the token."""
    browser = Browser(await serve(bank(CSRF(secret=SECRET, origins=origins))), HOST)
    await browser.post("/login?user=7", headers={"Origin": OWN})

    assert (await browser.post("/transfer", headers=headers)).status == status


async def test_x4_the_default_port_in_the_host(user: Browser) -> None:
    """X4: browsers leave it out of the Origin."""
    assert (await user.post("/transfer", headers={"Host": "SHOP.example:443", "Origin": OWN})).status == 200
    assert (await user.post("/transfer", headers={"Host": "shop.example:444", "Origin": OWN})).status == 403


MULTIPART = {"Content-Type": "multipart/form-data; boundary=b"}


def parts(token: str) -> bytes:
    """Return a form with a token and a file."""
    return (
        f'--b\r\nContent-Disposition: form-data; name="_csrf"\r\n\r\n{token}\r\n'
        '--b\r\nContent-Disposition: form-data; name="photo"; filename="p"\r\n\r\npixels\r\n--b--\r\n'
    ).encode()


async def test_x7_a_token(user: Browser) -> None:
    """X7: in the header or in the form, and the handler reads the form as ever; also beside a Referer of our own."""
    token = await token_for(user)

    header = {"X-CSRF-Token": token}
    assert (await user.post("/transfer", headers=header)).body == b"done"
    assert (await user.post("/transfer", headers={**header, "Referer": f"{OWN}/form"})).body == b"done"
    form = await user.post("/named", headers=FORM, body=f"name=ann&_csrf={token}".encode())
    assert (form.status, form.body) == (200, b"ann")
    photo = await user.post("/photo", headers=MULTIPART, body=parts(token))
    assert (photo.status, photo.body) == (200, b"pixels")
    json = await user.send("PATCH", "/json", headers=header, body={"a": 1})
    assert json.json == {"a": 1}


async def test_x7_a_form_of_the_page(user: Browser) -> None:
    """X7: the hidden field of a form has the token."""
    page = (await user.send("GET", "/form")).body.decode()
    begin, end = '<form><input type="hidden" name="_csrf" value="', '"></form>'
    assert page.startswith(begin)
    assert page.endswith(end)

    token = page.removeprefix(begin).removesuffix(end)
    assert (await user.post("/named", headers=FORM, body=f"name=ann&_csrf={token}".encode())).status == 200


async def test_x8_no_token(user: Browser) -> None:
    """X8: 403, with any body."""
    assert is_refused(await user.post("/transfer"))
    assert is_refused(await user.post("/named", headers=FORM, body=b"name=ann"), "/named")
    assert is_refused(await user.post("/photo", headers=MULTIPART, body=parts("")), "/photo")


async def test_x9_a_token_of_another_session(serve: Serve) -> None:
    """X9: and a cookie with its token that an attacker has planted beside the session."""
    server = await serve(bank())
    user, attacker = Browser(server, HOST), Browser(server, HOST)
    for browser, number in ((user, 7), (attacker, 8)):
        await browser.post(f"/login?user={number}", headers={"Origin": OWN})
    assert is_refused(await user.post("/transfer", headers={"X-CSRF-Token": await token_for(attacker)}))

    visitor = Browser(server, HOST)
    token = await token_for(visitor)
    user.cookies["__Host-csrf"] = visitor.cookies["__Host-csrf"]
    assert is_refused(await user.post("/transfer", headers={"X-CSRF-Token": token}))
    assert (await visitor.post("/transfer", headers={"X-CSRF-Token": token})).status == 200


async def test_x10_a_token_from_before_the_login(serve: Serve) -> None:
    """X10: of the visitor, or of the session that was renewed; one made after renew() is valid."""
    for place in places():
        browser = Browser(await serve(bank(**place)), HOST)
        before = await token_for(browser)
        first = (await browser.post("/login?user=7", headers={"X-CSRF-Token": before})).body.decode()
        second = (await browser.post("/login?user=7", headers={"X-CSRF-Token": first})).body.decode()

        assert is_refused(await browser.post("/transfer", headers={"X-CSRF-Token": before}))
        assert is_refused(await browser.post("/transfer", headers={"X-CSRF-Token": first}))
        assert (await browser.post("/transfer", headers={"X-CSRF-Token": second})).status == 200


async def test_x10_a_token_of_a_session_that_begins(serve: Serve) -> None:
    """X10: it is bound to the session that the same response begins; after logout to the visitor."""
    for place in places():
        browser = Browser(await serve(bank(**place)), HOST)
        token = (await browser.post("/visit", headers={"Origin": OWN})).body.decode()
        assert "__Host-csrf" not in browser.cookies
        after = (await browser.post("/logout", headers={"X-CSRF-Token": token})).body.decode()

        assert browser.session is None
        assert is_refused(await browser.post("/transfer", headers={"X-CSRF-Token": token}))
        assert (await browser.post("/transfer", headers={"X-CSRF-Token": after})).status == 200


async def test_x11_broken_tokens(user: Browser) -> None:
    """X11: with a bit flipped anywhere, cut, doubled, empty, twice, or in the query."""
    token = await token_for(user)
    flipped = [token[:at] + chr(ord(token[at]) ^ 1) + token[at + 1 :] for at in range(0, len(token), 5)]

    for sent in (*flipped, token[:-2], token * 2, f"{token},{token}", "", " ", "é", "null"):
        headers: dict[str, Any] = {"X-CSRF-Token": sent.encode()}
        assert is_refused(await user.post("/transfer", headers=headers)), sent
    assert is_refused(await user.post("/transfer", headers={"X-CSRF-Token": token, "x-csrf-token": token}))
    assert is_refused(await user.post(f"/transfer?_csrf={token}&X-CSRF-Token={token}"))
    twice = f"_csrf={token}&_csrf={token}&name=a".encode()
    assert is_refused(await user.post("/named", headers=FORM, body=twice), "/named")


async def test_x12_a_login_from_elsewhere(serve: Serve) -> None:
    """X12: without any cookie too, since the user would be in the attacker's account."""
    server = await serve(bank())
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}):
        answer = await Browser(server, HOST).post("/login?user=7", headers=headers)
        assert is_refused(answer, "/login")
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(("method", "target"), [("GET", "/safe"), ("HEAD", "/safe"), ("OPTIONS", "/safe")])
async def test_x13_safe_methods(user: Browser, method: str, target: str) -> None:
    """X13: pass from everywhere, as does the automatic OPTIONS."""
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    assert (await user.send(method, target, headers=foreign)).status == 200
    assert (await user.send("OPTIONS", "/transfer", headers=foreign)).status == 204


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "text/plain", "multipart/form-data; boundary=b", "application/x-www-form-urlencoded", ""],
)
async def test_x14_no_type_is_an_exemption(user: Browser, media_type: str) -> None:
    """X14: whatever the body is."""
    foreign = {"Sec-Fetch-Site": "cross-site", "Content-Type": media_type}
    assert is_refused(await user.send("PATCH", "/json", headers=foreign, body=b"{}"), "/json")


async def test_x15_bearer(user: Browser) -> None:
    """X15: a bearer token without a cookie passes; with one, and Basic, do not."""
    server = user.server
    bearer = {"Authorization": "bearer abc"}

    assert (await ask(server, "POST", "/transfer", headers={**HOST, **bearer})).body == b"done"
    assert is_refused(await user.post("/transfer", headers=bearer))
    for other in ("Basic YTpi", "Bearer", "Bearerabc", "Digest x"):
        assert is_refused(await ask(server, "POST", "/transfer", headers={**HOST, "Authorization": other}))
    foreign = {**HOST, **bearer, "Origin": "https://evil.example"}
    assert is_refused(await ask(server, "POST", "/transfer", headers=foreign))


@pytest.mark.parametrize("target", ["/token", "/form"])
async def test_x16_a_response_with_a_token(user: Browser, target: str) -> None:
    """X16: no-store, Vary: Cookie, and for visitors without a session a cookie with all flags."""
    logged_in = await user.send("GET", target)
    visitor = await ask(user.server, "GET", target, headers=HOST)

    for answer in (logged_in, visitor):
        assert answer.headers.getall("Cache-Control") == ["no-store"]
        assert "Cookie" in answer.headers["Vary"].split(", ")
    assert "Set-Cookie" not in logged_in.headers
    pair, *flags = visitor.headers["Set-Cookie"].split("; ")
    assert pair.startswith("__Host-csrf=")
    assert sorted(flags) == ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"]


async def test_x16_a_visitor_keeps_the_cookie(serve: Serve) -> None:
    """X16: one cookie for all tokens, each of which is another text."""
    browser = Browser(await serve(bank()), HOST)
    tokens = [await token_for(browser) for _ in range(3)]
    answer = await browser.send("GET", "/token")

    assert "Set-Cookie" not in answer.headers
    assert len(set(tokens)) == 3
    for token in tokens:
        assert (await browser.post("/transfer", headers={"X-CSRF-Token": token})).status == 200


async def test_x16_a_token_that_is_not_sent(serve: Serve) -> None:
    """X16: no cookie, and no no-store."""
    answer = await ask(await serve(bank()), "GET", "/unused", headers=HOST)
    assert ("Set-Cookie" in answer.headers, answer.headers.get("Cache-Control")) == (False, None)


async def test_tokens_of_templates(user: Browser) -> None:
    """csrf_token(request) makes the same tokens, on routes that require one."""
    assert (await user.send("GET", "/template")).json == [True, True]
    assert (await user.send("GET", "/forgotten")).status == 500


async def test_a_route_that_is_exempt(serve: Serve) -> None:
    """Its metadata says so."""
    server = await serve(bank())
    assert (await ask(server, "POST", "/hook", headers={**HOST, "Sec-Fetch-Site": "cross-site"})).body == b"hooked"


async def test_a_store_that_is_away(serve: Serve) -> None:
    """Only a token requires the session: 503, and what the headers decide goes on."""
    store = Recording()
    browser = Browser(await serve(bank(store=store)), HOST)
    token = (await browser.post("/login?user=7", headers={"Origin": OWN})).body.decode()
    store.is_away[0] = True

    assert (await browser.post("/transfer", headers={"X-CSRF-Token": token})).status == 503
    assert (await browser.post("/transfer", headers={"Origin": OWN})).status == 200
    assert is_refused(await browser.post("/transfer", headers={"Origin": "null"}))


async def test_rotated_secrets(serve: Serve) -> None:
    """Tokens of an old secret are valid as long as it is given."""
    store, old, new = MemoryStore(), "o" * 32, "n" * 32
    before, rotating, after = [await serve(bank(CSRF(secret=one), store=store)) for one in (old, (new, old), (new,))]
    browser = Browser(before, HOST)
    token = (await browser.post("/login?user=7", headers={"Origin": OWN})).body.decode()

    statuses = []
    for server in (rotating, after):
        sent = {**HOST, "Cookie": f"__Host-session={browser.session}", "X-CSRF-Token": token}
        statuses.append((await ask(server, "POST", "/transfer", headers=sent)).status)
    assert statuses == [200, 403]


async def test_names_of_ones_own(serve: Serve) -> None:
    """Header, field and cookie."""
    csrf = CSRF(secret=SECRET, header="X-XSRF", field="authenticity", cookie="xsrf")
    browser = Browser(await serve(bank(csrf)), HOST)
    page = (await browser.send("GET", "/form")).body.decode()
    token = await token_for(browser)

    assert 'name="authenticity"' in page
    assert list(browser.cookies) == ["__Host-xsrf"]
    assert (await browser.post("/transfer", headers={"X-XSRF": token})).status == 200
    assert (await browser.post("/transfer", headers={"X-CSRF-Token": token})).status == 403
    form = await browser.post("/named", headers=FORM, body=f"name=ann&authenticity={token}".encode())
    assert form.status == 200


async def test_what_is_logged(user: Browser, caplog: pytest.LogCaptureFixture) -> None:
    """One line with the route and the reason, for the operator alone."""
    caplog.set_level(logging.INFO, "framework.middleware")
    await user.post("/transfer", headers={"Sec-Fetch-Site": "cross-site"})
    await user.post("/transfer", headers={"Origin": "https://evil.example"})
    await user.post("/transfer", headers={"Referer": "https://evil.example/secret"})
    await user.post("/transfer")

    lines = [one.message for one in caplog.records if one.name == "framework.middleware"]
    assert lines == [
        "CSRF: POST /transfer is refused: Sec-Fetch-Site is 'cross-site'",
        "CSRF: POST /transfer is refused: Origin is 'https://evil.example'",
        "CSRF: POST /transfer is refused: Referer is of another origin",
        "CSRF: POST /transfer is refused: no header says where it comes from, and it has no valid token",
    ]


def test_what_is_in_the_document() -> None:
    """The 403, the header and the cookie, on routes that are checked."""
    middlewares = [Sessions(Cart, store=MemoryStore()), CSRF(secret=SECRET)]
    paths = App([Bank], openapi=OpenAPI(title="Bank", version="1"), middlewares=middlewares).document()["paths"]

    found = {
        path: ("403" in one["responses"], [(each["in"], each["name"]) for each in one.get("parameters", [])])
        for path, methods in paths.items()
        for one in methods.values()
        if path in {"/transfer", "/safe", "/token", "/hook"}
    }
    assert found == {
        "/transfer": (True, [("header", "X-CSRF-Token"), ("cookie", "__Host-csrf")]),
        "/safe": (False, []),
        "/token": (False, [("cookie", "__Host-csrf")]),
        "/hook": (False, []),
    }


def test_routes_that_change_nothing_are_not_changed() -> None:
    """A safe route without a token, and one that is exempt, have no step."""
    app = bank()
    assert "CSRF" not in app.explain("GET", "/safe")
    assert "CSRF" not in app.explain("POST", "/hook")
    assert "compiled middleware CSRF (app): before" in app.explain("POST", "/transfer")


class Streaming(Controller):
    """Makes a token late."""

    @get("/late")
    async def late(self, token: CSRFToken) -> Response[str]:
        """Keep the token until the head is sent."""
        LATE.append(token)
        return Response("")


LATE: list[CSRFToken] = []


async def test_a_token_that_is_made_too_late(serve: Serve) -> None:
    """The cookie that it would be bound to cannot be set any more."""
    middlewares = [Sessions(Cart, store=MemoryStore()), CSRF(secret=SECRET)]
    await ask(await serve(app_of(Streaming, middlewares=middlewares)), "GET", "/late", headers=HOST)

    with pytest.raises(RuntimeError, match="a CSRF token is made when the head of the response is sent already"):
        str(LATE.pop())
