/// The release of this software, as `--version`, workers and status replies say it.
public enum KaziVersion {
    public static let current = "0.1.0"
}
