import Foundation
import Glibc

/// What every process has, by the names that Prometheus' own clients use. Read from /proc, which has plain numbers.
enum ProcessMetrics {
    static func write(to text: inout PrometheusText) {
        if let pages = residentPageCount() {
            text.single(
                "process_resident_memory_bytes", .gauge, "Resident memory size in bytes.",
                pages * Int(sysconf(Int32(_SC_PAGESIZE))))
        }
        if let ticks = processorTicks() {
            text.single(
                "process_cpu_seconds_total", .counter, "Total user and system CPU time spent in seconds.",
                Double(ticks) / Double(sysconf(Int32(_SC_CLK_TCK))))
        }
    }

    private static func residentPageCount() -> Int? {
        let fields = contents(of: "/proc/self/statm").split(separator: " ")
        return fields.count > 1 ? Int(fields[1]) : nil
    }

    /// User and system time: fields 14 and 15 of proc(5), counted after the name in parentheses, which may hold spaces.
    private static func processorTicks() -> Int? {
        let contents = contents(of: "/proc/self/stat")
        guard let name = contents.lastIndex(of: ")") else { return nil }
        let fields = contents[name...].split(separator: " ")
        guard fields.count > 13, let user = Int(fields[12]), let system = Int(fields[13]) else { return nil }
        return user + system
    }

    private static func contents(of path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }
}
