/// What `kazi up` says. A reader that has gone away is no reason to stop serving.
enum Console {
    static func show(_ text: String) { try? Terminal.write(text + "\n") }

    static func note(_ text: String) { Terminal.writeError("kazi: \(text)\n") }
}
