/// What a request is about to do, as far as access is concerned. Every route of the gateway is one of these.
public enum AccessOperation: Sendable, Hashable {
    /// `/health`, `/health/live`: open whatever the settings say, because what watches a service has no key.
    case health
    /// `/auth/token`: open, because the password in the request is the credential.
    case signIn
    /// The search page, `/openapi.json`, `/docs`, `/redoc`, `/metrics`: about the service, not about records.
    case describe
    /// Reads records of one collection; `nil` for several at once, such as statistics over all of them.
    case read(collection: String?)
    case write(collection: String?)
    /// `/api/v1/profile`: whoever is known may ask who they are.
    case profile
    /// `/admin/…`: never open.
    case administer

    /// What it needs where credentials are asked for; `nil`: being known is enough, or nothing is needed.
    public var permission: Permission? {
        switch self {
        case .health, .signIn, .profile: nil
        case .describe, .read: .read
        case .write: .write
        case .administer: .administer
        }
    }
}
