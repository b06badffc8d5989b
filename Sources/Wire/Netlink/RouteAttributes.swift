/// Attributes of messages about interfaces (`IFLA_…`).
public enum LinkAttribute {
    public static var address: UInt16 { 1 }
    public static var broadcast: UInt16 { 2 }
    public static var name: UInt16 { 3 }
    public static var mtu: UInt16 { 4 }
    public static var queueDiscipline: UInt16 { 6 }
    public static var statistics: UInt16 { 7 }
    public static var queueLength: UInt16 { 13 }
    public static var state: UInt16 { 16 }
    public static var mode: UInt16 { 17 }
    public static var statistics64: UInt16 { 23 }
    public static var group: UInt16 { 27 }
    public static var promiscuity: UInt16 { 30 }
    public static var carrier: UInt16 { 33 }
}

/// Attributes of messages about addresses (`IFA_…`).
public enum AddressAttribute {
    public static var address: UInt16 { 1 }
    public static var local: UInt16 { 2 }
    public static var label: UInt16 { 3 }
    public static var broadcast: UInt16 { 4 }
    public static var cacheInformation: UInt16 { 6 }
    public static var flags: UInt16 { 8 }
    public static var origin: UInt16 { 11 }
}

/// Attributes of messages about routes (`RTA_…`).
public enum RouteAttribute {
    public static var destination: UInt16 { 1 }
    public static var source: UInt16 { 2 }
    public static var inputInterface: UInt16 { 3 }
    public static var outputInterface: UInt16 { 4 }
    public static var gateway: UInt16 { 5 }
    public static var priority: UInt16 { 6 }
    public static var preferredSource: UInt16 { 7 }
    public static var metrics: UInt16 { 8 }
    public static var cacheInformation: UInt16 { 12 }
    public static var table: UInt16 { 15 }
    public static var user: UInt16 { 25 }

    /// Within the metrics (`RTAX_MTU`).
    public static var metricMTU: UInt16 { 2 }
}

/// Attributes of messages about neighbours (`NDA_…`).
public enum NeighbourAttribute {
    public static var destination: UInt16 { 1 }
    public static var linkAddress: UInt16 { 2 }
    public static var cacheInformation: UInt16 { 3 }
    public static var probes: UInt16 { 4 }
    public static var interface: UInt16 { 8 }
}
