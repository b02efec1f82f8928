// swift-tools-version: 6.2
import PackageDescription

// The order of the targets is the order of dependence: a module depends only on modules above it.

/// What every Swift target of ours is built with. `.v6` brings complete concurrency checking.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]
/// For modules whose loops run over every byte of the data: without optimisation their tests take minutes.
let strictAndOptimised = strict + [.unsafeFlags(["-O"], .when(configuration: .debug))]
/// Tests may reach for pointers without marking each use.
let testSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny"), .treatAllWarnings(as: .error),
]

extension Target.Dependency {
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let asyncHTTPClient = product(name: "AsyncHTTPClient", package: "async-http-client")
    static let concurrencyHelpers = product(name: "NIOConcurrencyHelpers", package: "swift-nio")
    static let crypto = product(name: "Crypto", package: "swift-crypto")
    static let cryptoExtras = product(name: "CryptoExtras", package: "swift-crypto")
    static let grdb = product(name: "GRDB", package: "GRDB.swift")
    static let grdbSQLite = product(name: "GRDBSQLite", package: "GRDB.swift")
    static let histogram = product(name: "Histogram", package: "hdrhistogram-swift")
    static let httpTypes = product(name: "HTTPTypes", package: "swift-http-types")
    static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
    static let hummingbirdCore = product(name: "HummingbirdCore", package: "hummingbird")
    static let logging = product(name: "Logging", package: "swift-log")
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let nioEmbedded = product(name: "NIOEmbedded", package: "swift-nio")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let nioHTTPTypes = product(name: "NIOHTTPTypes", package: "swift-nio-extras")
    static let nioHTTPTypesHTTP1 = product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
    static let nioTLS = product(name: "NIOTLS", package: "swift-nio")
    static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
    static let protobuf = product(name: "SwiftProtobuf", package: "swift-protobuf")
    static let serviceLifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let unixSignals = product(name: "UnixSignals", package: "swift-service-lifecycle")
    static let subprocess = product(name: "Subprocess", package: "swift-subprocess")
    static let systemPackage = product(name: "SystemPackage", package: "swift-system")
    static let yams = product(name: "Yams", package: "Yams")
}

let package = Package(
    name: "kazi",
    products: [
        .executable(name: "kazi-gateway", targets: ["kazi-gateway"]),
        .executable(name: "kazi-worker", targets: ["kazi-worker"]),
        .executable(name: "kazi", targets: ["kazi"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        .systemLibrary(name: "CZeroMQ"),
        .target(
            name: "CKernels",
            // Kernels that are not optimised are 10 to 50 times slower, and tests with them.
            cSettings: [.unsafeFlags(["-O2"], .when(configuration: .debug))]),
        .target(name: "RecordSchema", dependencies: [.yams], swiftSettings: strictAndOptimised),
        .target(
            name: "Access", dependencies: ["RecordSchema", .concurrencyHelpers, .crypto, .cryptoExtras], swiftSettings: strict),
        .target(name: "Embedding", dependencies: ["CKernels", .crypto], swiftSettings: strictAndOptimised),
        .target(name: "VectorIndex", dependencies: ["CKernels", "RecordSchema"], swiftSettings: strictAndOptimised),
        .target(
            name: "RecordStore", dependencies: ["RecordSchema", .concurrencyHelpers, .grdb, .grdbSQLite], swiftSettings: strict),
        .target(name: "WireProtocol", dependencies: ["RecordSchema", .protobuf], swiftSettings: strict),
        .target(
            name: "Messaging", dependencies: ["CZeroMQ", "WireProtocol", .concurrencyHelpers], swiftSettings: strict),
        .target(name: "Cluster", swiftSettings: strictAndOptimised),
        .target(
            name: "ServiceRuntime", dependencies: [.argumentParser, .concurrencyHelpers, .logging, .serviceLifecycle], swiftSettings: strict),
        .target(
            name: "Gateway",
            dependencies: [
                "RecordSchema", "Access", "Embedding", "RecordStore", "WireProtocol", "Messaging", "Cluster",
                "ServiceRuntime", .concurrencyHelpers, .crypto, .httpTypes, .hummingbird, .hummingbirdCore, .logging, .nioCore,
                .nioHTTP1, .nioHTTPTypes, .nioHTTPTypesHTTP1, .nioPosix, .nioSSL, .nioTLS, .serviceLifecycle, .unixSignals,
            ],
            resources: [.copy("Resources/collections"), .copy("Resources/pages")],
            swiftSettings: strict),
        .target(
            name: "SearchWorker",
            dependencies: [
                "RecordSchema", "VectorIndex", "WireProtocol", "Messaging", "ServiceRuntime", .concurrencyHelpers,
                .histogram, .logging, .serviceLifecycle, .unixSignals,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "kazi-gateway", dependencies: ["Access", "Gateway", "ServiceRuntime", .argumentParser, .logging],
            swiftSettings: strict),
        .executableTarget(
            name: "kazi-worker", dependencies: ["SearchWorker", "ServiceRuntime", .argumentParser, .logging],
            swiftSettings: strict),
        .executableTarget(
            name: "kazi",
            dependencies: [
                "RecordSchema", "Access", "Embedding", "RecordStore", "ServiceRuntime", .argumentParser, .asyncHTTPClient, .histogram, .nioCore, .nioHTTP1, .nioPosix,
                .subprocess, .systemPackage, .unixSignals,
            ],
            resources: [.copy("Resources/sample-jobs.ndjson")],
            swiftSettings: strict),
        .executableTarget(
            name: "kazi-bench-engine", dependencies: ["RecordSchema", "VectorIndex"], swiftSettings: testSettings),
        .executableTarget(
            name: "StoreCrashWriter", dependencies: ["RecordStore"], path: "Tests/StoreCrashWriter", swiftSettings: strict),
        .testTarget(
            name: "RecordSchemaTests", dependencies: ["RecordSchema"], exclude: ["Fixtures"], swiftSettings: testSettings),
        .testTarget(
            name: "AccessTests", dependencies: ["Access", "RecordSchema"], exclude: ["Fixtures"], swiftSettings: testSettings),
        .testTarget(
            name: "EmbeddingTests", dependencies: ["Embedding", "CKernels", .crypto], exclude: ["Fixtures"],
            swiftSettings: testSettings),
        .testTarget(
            name: "RecordStoreTests", dependencies: ["RecordStore", "RecordSchema", "StoreCrashWriter", .grdb, .grdbSQLite],
            swiftSettings: testSettings),
        .testTarget(
            name: "VectorIndexTests", dependencies: ["VectorIndex", "CKernels", "RecordSchema"],
            swiftSettings: testSettings),
        .testTarget(name: "WireProtocolTests", dependencies: ["WireProtocol", "RecordSchema"], swiftSettings: testSettings),
        .testTarget(
            name: "MessagingTests",
            dependencies: ["Messaging", "WireProtocol", "RecordSchema", "CZeroMQ", .concurrencyHelpers],
            swiftSettings: testSettings),
        .testTarget(
            name: "SearchWorkerTests",
            dependencies: ["RecordSchema", "SearchWorker", "VectorIndex", "WireProtocol", .concurrencyHelpers],
            swiftSettings: testSettings),
        .testTarget(name: "ServiceRuntimeTests", dependencies: ["ServiceRuntime", .logging], swiftSettings: testSettings),
        .testTarget(
            name: "GatewayTests", dependencies: ["Gateway", "Cluster", .nioCore, .nioEmbedded], swiftSettings: testSettings),
        .testTarget(
            name: "kaziTests", dependencies: ["kazi", "RecordSchema", .argumentParser], resources: [.copy("Fixtures")],
            swiftSettings: testSettings),
        .testTarget(
            name: "ClusterTests", dependencies: ["Cluster"],
            swiftSettings: testSettings + [.unsafeFlags(["-O"], .when(configuration: .debug))]),
    ]
)
