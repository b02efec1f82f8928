"""What a browser gets: the search page, Swagger UI and ReDoc, in headless Chromium that reaches nothing but the gateway."""

import contextlib
import http.client
import re
import shutil

import playwright.sync_api
import pytest
from playwright.sync_api import expect

from harness.api import API
from harness.browser import Visit, browser
from harness.processes import BIN, Gateway
from harness.waiting import wait_until

MEADOW = """\
$schema: https://json-schema.org/draft/2020-12/schema
title: Meadow plant
description: Plants of a meadow, for the tests of the pages.
type: object
required: [name, notes]
properties:
  name:    { type: string, minLength: 1 }
  notes:   { type: string }
  family:  { type: string }
  colour:  { type: string, enum: [white, yellow, blue] }
  height:  { type: number }
  seen_at: { type: string, format: date-time }
  edible:  { type: boolean }
  link:    { type: string }
x-kazi:
  embed:  [name, notes]
  filter: [family, colour, height, seen_at, edible]
"""
COLLECTIONS = {"meadow": MEADOW}

PLANTS = [
    {"name": "Oxeye daisy", "notes": "A white flower with a yellow heart, common in dry grass.", "family": "Asteraceae",
     "colour": "white", "height": 60, "seen_at": "2026-06-01T10:00:00Z", "edible": True},
    {"name": "Meadow buttercup", "notes": "Shiny yellow petals; cattle avoid its acrid leaves.", "family": "Ranunculaceae",
     "colour": "yellow", "height": 80, "seen_at": "2026-05-01T10:00:00Z", "edible": False},
    {"name": "Harebell", "notes": "Nodding blue bells on thin stalks in poor soil.", "family": "Campanulaceae",
     "colour": "blue", "height": 30, "seen_at": "2026-07-01T10:00:00Z", "edible": True},
]
# Were any of it taken as markup or as code, the page's title would tell.
HOSTILE = {
    "name": "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">",
    "notes": "<b>bold</b> </li></ol><svg onload=document.title='owned'> ${7*7} {{7*7}} hostile thistle",
    "family": "\"><iframe src=javascript:document.title='owned'>", "link": "javascript:document.title='owned'",
    "colour": "white",
}


@pytest.fixture(scope="module")
def chromium():
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def plants(pair):
    return pair.api.add_all("meadow", [*PLANTS, HOSTILE], wait="searchable")


@pytest.fixture
def visit(chromium, pair):
    """Opens pages of the shared gateway, each visit with a session of its own."""
    made = []

    def start(address=None, **options):
        made.append(Visit(chromium, address or pair.gateway.http, **options))
        return made[-1]

    yield start
    for each in made:
        each.close()


def names(page):
    page.wait_for_selector("#results:not([aria-busy]) .hit")
    return page.locator(".hit h2").all_inner_texts()


class TestDocs:
    def test_swagger_ui_runs_a_search(self, visit, plants):
        docs = visit()
        page = docs.open("/docs")
        page.locator("#operations-tag-meadow").click()
        block = page.locator(".opblock-post:has([data-path='/api/v1/meadow/search'])")
        block.locator(".opblock-summary-control").click()
        block.locator("textarea.body-param__text").fill('{"text": "blue bells", "top_k": 2}')
        block.locator("button.execute").click()
        answer = block.locator(".live-responses-table .response").first
        answer.wait_for()
        assert answer.locator(".response-col_status").inner_text().startswith("200")
        assert '"name": "Harebell"' in answer.locator(".response-col_description").inner_text()
        docs.assert_clean()

    def test_redoc_renders_every_collection(self, visit, plants):
        docs = visit()
        page = docs.open("/redoc")
        page.wait_for_selector("[role=menuitem] >> text=meadow")
        assert "Kazi" in page.locator("h1").first.inner_text()
        assert page.get_by_text("/api/v1/meadow/search").first.is_visible()
        docs.assert_clean()

    def test_redoc_searches_in_a_worker_of_its_own(self, visit, plants):
        docs = visit()
        page = docs.open("/redoc")
        page.wait_for_selector("[role=menuitem] >> text=meadow")
        page.locator("[role=search] input").fill("export")
        page.wait_for_selector("[role=search] [role=menu] [role=menuitem]")
        docs.assert_clean()

    def test_a_slash_too_many_leads_back(self, api):
        for path in ("/docs", "/redoc"):
            answer = api.request("GET", path + "/", allow_redirects=False)
            assert (answer.status_code, answer.headers["Location"]) == (307, ".." + path)

    def test_without_docs_there_is_neither_document_nor_page(self, new_cluster, visit):
        cluster = new_cluster(collections=COLLECTIONS, workers=0, environment={"KAZI_NO_DOCS": "1"})
        for path in ("/openapi.json", "/docs", "/redoc", "/assets/docs.js", "/assets/swagger-ui-bundle.js"):
            assert cluster.api.get(path).status_code == 404, path
        page = visit(cluster.gateway.http).open("/")
        page.wait_for_selector("#empty >> text=Meadow plant")
        assert page.get_by_role("link", name="API docs").is_hidden()

    def test_assets_that_were_not_fetched_are_named_with_the_remedy(self, tmp_path):
        program = tmp_path / "bin" / "kazi-gateway"
        program.parent.mkdir()
        shutil.copy(BIN / "kazi-gateway", program)
        gateway = Gateway(tmp_path)
        gateway.program = program
        try:
            gateway.start()
            api = API(gateway.http)
            for path in ("/docs", "/redoc"):
                answer = api.get(path)
                assert answer.status_code == 404
                assert "scripts/setup" in answer.json()["detail"]
            assert api.get("/openapi.json").status_code == 200
            assert api.get("/").status_code == 200
        finally:
            gateway.dispose()

    def test_a_named_folder_without_the_assets_stops_the_start(self, new_process, tmp_path):
        gateway = new_process(
            "kazi-gateway", "--port", "0", "--zmq", "tcp://127.0.0.1:*", "--data-dir", tmp_path / "data",
            "--docs-assets", tmp_path)
        assert gateway.wait(within=30) == 1
        assert f"{tmp_path}/swagger-ui-bundle.js cannot be read" in gateway.log


class TestFiles:
    """The pages' files over HTTP, without a browser."""

    @pytest.mark.parametrize("path, content_type", [
        ("/", "text/html"), ("/docs", "text/html"), ("/redoc", "text/html"), ("/assets/search.css", "text/css"),
        ("/assets/search.js", "text/javascript"), ("/assets/kazi.svg", "image/svg+xml"),
        ("/assets/swagger-ui-bundle.js", "text/javascript"), ("/assets/swagger-ui.css", "text/css"),
        ("/assets/redoc.standalone.js", "text/javascript"),
    ])
    def test_has_its_type_its_tag_and_its_policy(self, api, path, content_type):
        answer = api.get(path)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].split(";")[0] == content_type
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-cache"
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe-eval" not in policy and "http" not in policy
        if path == "/redoc":
            policy = policy.replace("style-src 'self' 'unsafe-inline'", "")
        assert "'unsafe-inline'" not in policy

        tag = answer.headers["ETag"]
        again = api.request("GET", path, headers={"If-None-Match": tag})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
        assert api.request("GET", path, headers={"If-None-Match": '"other"'}).content == answer.content
        head = api.request("HEAD", path)
        assert (head.status_code, head.content, head.headers["ETag"]) == (200, b"", tag)
        assert api.request("POST", path).status_code == 405

    @pytest.mark.parametrize("path", [
        "/assets", "/assets/", "/assets/unknown.js", "/assets/../search.js", "/assets/..%2f..%2fcollections%2fjobs.yaml",
        "/assets/%2e%2e/%2e%2e/etc/passwd", "/assets//etc/passwd", "/assets/search.js%00.css", "/assets/search.html/x",
        "/docs/../../etc/passwd", "/assets/swagger-ui.LICENSE.txt", "/assets/SEARCH.JS",
    ])
    def test_no_other_name_is_served(self, pair, path):
        # Without a library that would tidy the path.
        host, port = pair.gateway.http.removeprefix("http://").rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=30)
        connection.putrequest("GET", path)
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        assert answer.status in (400, 404), body[:200]
        assert b"root:" not in body

    def test_collections_are_listed_with_what_can_be_asked_of_them(self, api):
        answer = api.get("/api/v1/collections")
        assert answer.status_code == 200
        listed = {each["name"]: each for each in answer.json()["collections"]}
        assert list(listed) == sorted(listed)
        meadow = listed["meadow"]
        assert meadow["title"] == "Meadow plant"
        assert meadow["modes"] == ["semantic", "hybrid", "keyword"]
        assert meadow["vector"] == {"dimension": 384, "metric": "cosine"}
        assert meadow["embed"] == ["name", "notes"]
        assert [(each["name"], each["type"], each["values"]) for each in meadow["filters"]] == [
            ("family", "string", None), ("colour", "string", ["white", "yellow", "blue"]), ("height", "number", None),
            ("seen_at", "timestamp", None), ("edible", "boolean", None),
        ]
        assert [each["name"] for each in meadow["fields"] if each["required"]] == ["name", "notes"]
        assert listed["events"]["modes"] == ["keyword"] and listed["events"]["vector"] is None


class TestSearchPage:
    def test_finds_by_meaning_and_shows_what_it_took(self, visit, plants):
        search = visit()
        page = search.open("/?collection=meadow")
        page.get_by_role("searchbox").fill("blue bells on thin stalks")
        page.keyboard.press("Enter")
        assert names(page)[0] == "Harebell"
        assert re.match(r"4 results in .* ms · embed .* ms · search .* ms · fetch .* ms · 1/1 shards", page.inner_text("#status"))
        width = page.locator(".hit .bar span").first.evaluate("bar => parseFloat(bar.style.width)")
        assert 0 < width <= 100
        assert page.url.endswith("/?q=blue+bells+on+thin+stalks&collection=meadow")
        search.assert_clean()

    def test_an_address_brings_a_search_back_and_so_does_the_back_button(self, visit, plants):
        search = visit()
        page = search.open("/?q=yellow+petals&collection=meadow&mode=keyword&top_k=20")
        assert names(page) == ["Meadow buttercup"]
        assert page.input_value("#query") == "yellow petals"
        assert (page.input_value("#mode"), page.input_value("#limit")) == ("keyword", "20")
        assert page.locator(".hit mark").all_inner_texts() == ["yellow", "petals"]
        page.get_by_role("searchbox").fill("blue")
        page.get_by_role("button", name="Search", exact=True).click()
        page.wait_for_selector(".hit >> text=Harebell")
        page.go_back()
        page.wait_for_selector(".hit >> text=Meadow buttercup")
        assert page.input_value("#query") == "yellow petals"
        search.assert_clean()

    def test_filters_narrow_a_search(self, visit, plants):
        search = visit()
        page = search.open("/?q=flower&collection=meadow")
        assert len(names(page)) == 4
        page.get_by_role("button", name="Filters").click()
        page.get_by_label("Colour").select_option("yellow")
        expect(page.locator(".hit")).to_have_count(1)
        assert names(page) == ["Meadow buttercup"]
        assert page.get_by_role("button", name="Filters (1)").is_visible()
        page.get_by_role("button", name="Clear filters").click()
        expect(page.locator(".hit")).to_have_count(4)
        page.get_by_label("Height to").fill("50")
        page.get_by_label("Height to").press("Enter")
        expect(page.locator(".hit")).to_have_count(1)
        assert names(page) == ["Harebell"]
        page.reload()
        assert names(page) == ["Harebell"]
        assert page.input_value("#filter-height-lte") == "50"
        search.assert_clean()

    @pytest.mark.parametrize("filters, expected", [
        ("f.seen_at.gte=2026-06-02", ["Harebell"]), ("f.seen_at.lte=2026-05-01", ["Meadow buttercup"]),
        ("f.edible=no", ["Meadow buttercup"]), ("f.family=Asteraceae", ["Oxeye daisy"]),
        ("f.height.gte=60&f.height.lte=60", ["Oxeye daisy"]),
    ])
    def test_filters_of_every_type_come_from_the_address(self, visit, plants, filters, expected):
        for query in ("q=plant&", ""):
            search = visit(timezone_id="Africa/Nairobi")
            assert names(search.open(f"/?{query}collection=meadow&{filters}")) == expected
            search.assert_clean()

    def test_without_words_it_shows_the_newest_records_and_more_on_request(self, visit, api):
        api.add_all("events", [
            {"type": f"page {number:02}", "timestamp": "2026-01-01T00:00:00Z", "payload": {"number": number}}
            for number in range(25)
        ])
        search = visit()
        page = search.open("/?collection=events")
        page.wait_for_selector("#status >> text=records in")
        page.get_by_role("button", name="Show more").click()
        expect(page.locator(".hit")).to_have_count(20)
        shown = page.locator(".hit h2").all_inner_texts()
        assert len(set(page.locator(".hit .details").evaluate_all("all => all.map((each) => each.id)"))) == 20
        assert shown[:2] == ["page 24", "page 23"]
        search.assert_clean()

    def test_hostile_content_is_text(self, visit, plants):
        search = visit()
        page = search.open("/?q=hostile+thistle&collection=meadow&mode=keyword")
        assert names(page)[0] == HOSTILE["name"]
        hit = page.locator(".hit").first
        hit.get_by_role("button").first.click()
        assert HOSTILE["family"] in hit.inner_text()
        assert HOSTILE["link"] in hit.locator("dl").inner_text()
        assert hit.locator("script, img, svg, iframe, dl a").count() == 0
        assert page.locator("#filter-fields iframe").count() == 0
        page.evaluate("location.hash = '#<img src=x onerror=document.title=\"owned\">'")
        assert page.title() == "hostile thistle – Kazi"
        search.assert_clean()

    def test_hostile_addresses_are_text_too(self, visit, plants):
        search = visit()
        page = search.open("/?q=%3Cimg+src%3Dx+onerror%3Ddocument.title%3D1%3E&collection=meadow&mode=%3Cb%3E&f.colour=%22%3E%3Cb%3E&like=1e9")
        names(page)
        assert page.title() == "<img src=x onerror=document.title=1> – Kazi"
        assert page.locator("main img, main b").count() == 0
        search.assert_clean()

    def test_details_lead_to_the_record_and_to_its_like(self, visit, plants):
        search = visit()
        page = search.open("/?q=blue+bells&collection=meadow")
        assert names(page)[0] == "Harebell"
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        hit = page.locator(".hit").first
        assert hit.locator(".hit-toggle").get_attribute("aria-expanded") == "true"
        assert "Campanulaceae" in hit.locator("dl").inner_text()
        assert hit.get_by_role("link", name="JSON").get_attribute("href") == f"{search.address}/api/v1/meadow/{plants[2]}"
        hit.get_by_role("button", name="More like this").click()
        page.wait_for_selector("#like >> text=Like “Harebell”")
        expect(page.locator(".hit")).to_have_count(3)
        assert "Harebell" not in names(page)
        assert f"like={plants[2]}" in page.url
        page.get_by_role("button", name="Back to text").click()
        expect(page.locator(".hit")).to_have_count(4)
        search.assert_clean()

    def test_errors_are_shown_as_the_api_tells_them(self, visit, plants):
        search = visit()
        page = search.open("/?collection=meadow")
        names(page)
        page.evaluate("document.querySelector('#query').removeAttribute('maxlength')")
        page.get_by_role("searchbox").fill("x" * 100_001)
        page.evaluate("history.pushState = () => {}")
        page.get_by_role("searchbox").press("Enter")
        problem = page.get_by_role("alert")
        problem.wait_for()
        assert problem.locator("h2").inner_text() == "422: The request is not valid."
        assert problem.locator("li").inner_text() == "text String should have at most 100000 characters string_too_long"
        assert "Request " in problem.inner_text()
        page.get_by_role("searchbox").fill("blue")
        page.get_by_role("searchbox").press("Enter")
        assert names(page)
        assert problem.is_hidden()
        search.assert_clean(allowing=["422"])

    def test_a_gateway_without_workers_says_what_is_missing(self, new_cluster, visit):
        cluster = new_cluster(collections=COLLECTIONS, workers=0)
        search = visit(cluster.gateway.http)
        page = search.open("/?q=blue")
        page.get_by_role("alert").wait_for()
        assert page.locator("#problem h2").inner_text().startswith("503: ")
        cluster.gateway.kill()
        page.get_by_role("button", name="Try again").click()
        page.wait_for_selector("#problem >> text=The gateway did not answer")

    def test_a_key_goes_with_every_request_and_stays_in_the_tab(self, visit, plants):
        search = visit()
        page = search.open("/?collection=meadow")
        sent = []
        page.on("request", lambda request: sent.append(request.headers) if "/api/" in request.url else None)
        page.get_by_role("button", name="Access").click()
        page.get_by_label("The key or token").fill("kazi_secret")
        page.get_by_role("button", name="Use").click()
        page.get_by_role("searchbox").fill("blue")
        page.get_by_role("searchbox").press("Enter")
        names(page)
        assert sent[-1]["x-api-key"] == "kazi_secret" and "authorization" not in sent[-1]
        page.get_by_role("button", name="Access").click()
        page.get_by_label("Sent with every request").select_option("token")
        page.get_by_role("button", name="Use").click()
        names(page)
        assert sent[-1]["authorization"] == "Bearer kazi_secret" and "x-api-key" not in sent[-1]
        assert "kazi_secret" not in page.url + page.evaluate("JSON.stringify(localStorage) + document.cookie")
        page.reload()
        names(page)
        assert sent[-1]["authorization"] == "Bearer kazi_secret"
        page.get_by_role("button", name="Access").click()
        page.get_by_role("button", name="Forget").click()
        names(page)
        assert not {"authorization", "x-api-key"} & set(sent[-1])
        assert page.evaluate("sessionStorage.length") == 0

    def test_a_gateway_that_wants_a_key_is_given_one(self, visit, plants):
        search = visit()

        def guard(route):
            if route.request.headers.get("x-api-key") == "open sesame":
                route.continue_()
            else:
                route.fulfill(status=401, json={"detail": "An API key or a bearer token is needed"})

        search.page.route("**/api/**", guard)
        page = search.open("/?q=blue&collection=meadow")
        page.wait_for_selector("#problem >> text=401: An API key or a bearer token is needed")
        expect(page.get_by_label("The key or token")).to_be_focused()
        page.keyboard.type("open sesame")
        page.keyboard.press("Enter")
        assert names(page)
        assert page.get_by_role("alert").is_hidden()
        search.assert_clean(allowing=["401"])

    def test_a_later_search_is_not_overtaken_by_an_earlier_one(self, visit, plants):
        search = visit()
        page = search.open("/?q=flower&collection=meadow")
        names(page)
        held = []
        search.page.route("**/api/v1/meadow/search", lambda route: held.append(route))
        for words in ("yellow petals", "blue bells"):
            page.get_by_role("searchbox").fill(words)
            page.get_by_role("searchbox").press("Enter")
        wait_until(lambda: page.title() and len(held) == 2, "two searches under way")
        held[1].continue_()
        expect(page.locator(".hit h2").first).to_have_text("Harebell")
        with contextlib.suppress(playwright.sync_api.Error):  # the browser has given it up
            held[0].continue_()
        expect(page.locator("#status")).to_contain_text("results in")
        assert names(page)[0] == "Harebell"
        search.assert_clean()

    @pytest.mark.parametrize("width", [320, 375, 1280])
    def test_fits_the_screen(self, visit, plants, width):
        search = visit(viewport={"width": width, "height": 700})
        page = search.open("/?q=flower&collection=meadow&f.height.gte=1")
        names(page)
        page.locator(".hit-toggle").first.click()
        page.get_by_role("button", name="Access").click()
        if page.locator("#filters").is_hidden():
            page.get_by_role("button", name="Filters (1)").click()
        assert page.locator("#filters").is_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        search.assert_clean()

    def test_every_control_has_a_name(self, visit, plants):
        page = visit().open("/?q=flower&collection=meadow&f.height.gte=1")
        names(page)
        page.get_by_role("button", name="Access").click()
        nameless = page.locator("input, select, button, a").evaluate_all("""all => all.filter((each) => {
            const labels = [...(each.labels ?? [])].map((label) => label.textContent).join("");
            return !(labels || each.ariaLabel || each.textContent).trim();
        }).map((each) => each.outerHTML)""")
        assert nameless == []
