import Foundation
import HTTPTypes
import Hummingbird
import ServiceRuntime

/// What a browser is served: the search page at `/`, Swagger UI at `/docs` and ReDoc at `/redoc`, with everything that
/// they load.
///
/// Each file is a route of its own, so that a name that is not known is no route. The pages hold no data: they ask the
/// API for it as any other client does.
struct PageRoutes: Sendable {
    /// What one page may do in a browser.
    struct Page: Sendable {
        let path: String
        let fileName: String
        let summary: String
        let policy: String
    }

    /// Our own files, by name.
    private let files: [String: WebFile]
    /// `nil` with `--no-docs`.
    private let docs: Docs?

    private enum Docs: Sendable {
        case installed(DocsAssets)
        case missing
    }

    init(files: [String: WebFile], servesDocs: Bool, assets: DocsAssets?) {
        self.files = files
        docs = servesDocs ? assets.map(Docs.installed) ?? .missing : nil
    }

    var routes: [Route] {
        var routes = [page(Self.search)] + Self.searchFileNames.map { file($0, files[$0]) }
        switch docs {
        case nil: break
        case .missing:
            routes += [Self.swagger, Self.redoc].map { page in Self.route(page.path, page.summary) { _, _ in
                throw ServiceFailure.notFound("\(page.path) is not installed: run scripts/setup, or name the folder with --docs-assets")
            } }
        case .installed(let assets):
            routes += [page(Self.swagger), page(Self.redoc)] + Self.docsFileNames.map { file($0, files[$0]) }
            routes += DocsAssets.fileNames.map { file($0, assets.files[$0]) }
        }
        return routes
    }

    // MARK: What there is

    private static let search = Page(
        path: "/", fileName: "search.html", summary: "The search page.",
        policy: policy("img-src 'self'", "style-src 'self'", "require-trusted-types-for 'script'"))
    /// Swagger UI draws its signs from `data:` addresses.
    private static let swagger = Page(
        path: "/docs", fileName: "docs.html", summary: "Swagger UI over the OpenAPI document.",
        policy: policy("img-src 'self' data:", "style-src 'self'"))
    /// ReDoc makes style elements as it goes, and the worker of its search from a blob.
    private static let redoc = Page(
        path: "/redoc", fileName: "redoc.html", summary: "ReDoc over the OpenAPI document.",
        policy: policy("img-src 'self' data:", "style-src 'self' 'unsafe-inline'", "worker-src blob:"))
    /// What the search page loads, and the icon of all pages.
    private static let searchFileNames = ["search.css", "search.js", "api.js", "filters.js", "hits.js", "kazi.svg"]
    private static let docsFileNames = ["docs.js", "docs.css", "redoc.js"]

    /// Every file of ours in the folder `pages` beside the executable.
    static func loadFiles() throws(StartFailure) -> [String: WebFile] {
        guard let folder = Bundle.module.url(forResource: "pages", withExtension: nil) else {
            throw StartFailure("the shipped pages are missing beside the executable")
        }
        var files: [String: WebFile] = [:]
        for name in [search, swagger, redoc].map(\.fileName) + searchFileNames + docsFileNames {
            do {
                files[name] = try WebFile(contentsOf: folder.appendingPathComponent(name))
            } catch {
                throw StartFailure("the shipped page \(name) cannot be read beside the executable")
            }
        }
        return files
    }

    /// Everything comes from here, and nothing goes elsewhere or frames a page.
    private static func policy(_ more: String...) -> String {
        ([
            "default-src 'none'", "script-src 'self'", "connect-src 'self'", "base-uri 'none'", "form-action 'none'",
            "frame-ancestors 'none'",
        ] + more).joined(separator: "; ")
    }

    // MARK: Serving

    private func page(_ page: Page) -> Route {
        let content = files[page.fileName]
        return Self.route(page.path, page.summary) { request, _ in
            // The pages name what they load relative to the root, so that they work below a proxy's prefix too; one
            // more slash would put them elsewhere.
            if page.path != "/", request.uri.path.hasSuffix("/") {
                return Response(status: .temporaryRedirect, headers: [.location: "..\(page.path)"])
            }
            guard let content else { throw ServiceFailure.notFound("Not Found") }
            return content.response(to: request, policy: page.policy)
        }
    }

    private func file(_ name: String, _ file: WebFile?) -> Route {
        Self.route("/assets/\(name)", "A file of the pages.") { request, _ in
            guard let file else { throw ServiceFailure.notFound("Not Found") }
            return file.response(to: request, policy: "default-src 'none'")
        }
    }

    /// Not for the OpenAPI document, which tells of the API alone, as FastAPI's does. Open to everybody: the pages hold no data,
    /// and a browser needs the page to enter a key on it.
    private static func route(_ path: String, _ summary: String, _ handler: @escaping Route.Handler) -> Route {
        Route(
            .get, path,
            Operation(id: "page", tag: "pages", summary: summary, answers: [(200, .html, "The page")], access: .public), handler)
    }
}
