internal import CZeroMQ
internal import WireProtocol

extension ZMQSocket {
    /// What every socket that talks to other processes has.
    borrowing func configure(_ configuration: HubConfiguration, _ endpoint: Endpoint) throws(MessagingError) {
        let ping = CInt(clamping: configuration.pingInterval.wireMilliseconds)
        try set(ZMQ_LINGER, CInt(clamping: configuration.linger.wireMilliseconds))
        try set(ZMQ_SNDHWM, CInt(clamping: configuration.highWaterMark))
        try set(ZMQ_RCVHWM, CInt(clamping: configuration.highWaterMark))
        // For each frame: libzmq disconnects a peer that announces a larger one, before it takes memory for it.
        try set(ZMQ_MAXMSGSIZE, wide: Int64(WireLimits.messageBytesMax))
        try set(ZMQ_HEARTBEAT_IVL, ping)
        try set(ZMQ_HEARTBEAT_TIMEOUT, CInt(clamping: Int(ping) * 3))
        try set(ZMQ_HANDSHAKE_IVL, 5_000)
        // With it, libzmq binds 127.0.0.1 as ::ffff:127.0.0.1, and a name may lead to either family.
        try set(ZMQ_IPV6, endpoint.isIPv6 ? 1 : 0)
    }

    /// A bound ROUTER.
    borrowing func configureServer(
        _ configuration: HubConfiguration, _ endpoint: Endpoint
    ) throws(MessagingError) {
        try configure(configuration, endpoint)
        try set(ZMQ_ROUTER_MANDATORY, 1)
        if case .curve(let keys, _) = configuration.security {
            try set(ZMQ_CURVE_SERVER, 1)
            try set(ZMQ_CURVE_SECRETKEY, keys.secretBytes)
            try set(ZMQ_ZAP_DOMAIN, Array("kazi".utf8))
        }
    }

    /// A connecting DEALER.
    borrowing func configureClient(
        _ configuration: HubConfiguration, _ endpoint: Endpoint, keys: CurveKeyPair?, serverKey: CurvePublicKey?
    ) throws(MessagingError) {
        try configure(configuration, endpoint)
        try set(ZMQ_RECONNECT_IVL, max(1, CInt(clamping: configuration.reconnectInterval.wireMilliseconds)))
        try set(ZMQ_RECONNECT_IVL_MAX, 1_000)
        try set(ZMQ_CONNECT_TIMEOUT, 2_000)
        if let keys, let serverKey {
            try set(ZMQ_CURVE_SERVERKEY, serverKey.bytes)
            try set(ZMQ_CURVE_PUBLICKEY, keys.publicKey.bytes)
            try set(ZMQ_CURVE_SECRETKEY, keys.secretBytes)
        }
    }
}
