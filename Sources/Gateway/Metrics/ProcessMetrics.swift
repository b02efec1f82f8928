import Foundation
import Glibc

/// What every process has.
enum ProcessMetrics {
    static func write(to text: inout PrometheusText) {
        if let pages = statm() {
            text.single(
                "process_resident_memory_bytes", .gauge, "Resident memory size in bytes.", pages * Int(sysconf(Int32(_SC_PAGESIZE))))
        }
        var usage = rusage()
        // Cannot fail with a valid selector and a pointer of ours.
        unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let seconds =
            Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
        text.single("process_cpu_seconds_total", .counter, "Total user and system CPU time spent in seconds.", seconds)
    }

    /// Resident pages.
    private static func statm() -> Int? {
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: "/proc/self/statm")) else { return nil }
        let fields = String(decoding: data, as: UTF8.self).split(separator: " ")
        return fields.count > 1 ? Int(fields[1]) : nil
    }
}
