import Hummingbird
import RecordSchema

/// `GET /openapi.json`: made once, since routes and collections are fixed at start.
struct OpenAPIRoute: Sendable {
    private let document: [UInt8]

    /// - Parameter routes: Every other route.
    init(
        documenting routes: [Route], _ catalog: Catalog, _ vectorShapes: VectorShapes,
        requiredCredentials: Operation.RequiredCredentials = .none
    ) {
        let own = Self.route { _, _ in .detail(.notFound, "Not Found") }
        document = OpenAPIDocument(
            routes: routes + [own], catalog: catalog, vectorShapes: vectorShapes, requiredCredentials: requiredCredentials
        ).json.serialized()
    }

    var routes: [Route] { [Self.route { [document] _, _ in .json(.ok, document) }] }

    private static func route(_ handler: @escaping Route.Handler) -> Route {
        Route(
            .get, "/openapi.json",
            Operation(
                id: "openapi", tag: "service", summary: "This document.",
                answers: [(200, .openAPI, "OpenAPI 3.1")]), handler)
    }
}
