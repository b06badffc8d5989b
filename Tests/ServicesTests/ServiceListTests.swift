import Services
import Testing

@Suite("Lists of services")
struct ServiceListTests {
    @Test("a list names services, with ports and a directory")
    func list() throws {
        let requests = try ServiceList.parse(
            "echo,discard:9009,daytime,chargen,dns,http:8080=/srv/a=b:c")
        #expect(
            requests == [
                ServiceRequest(.echo, port: 7), ServiceRequest(.discard, port: 9009),
                ServiceRequest(.daytime, port: 13), ServiceRequest(.chargen, port: 19),
                ServiceRequest(.dns, port: 53),
                ServiceRequest(.http(directory: "/srv/a=b:c"), port: 8080),
            ])
    }

    @Test("http without a directory shows the built-in pages")
    func builtIn() throws {
        #expect(try ServiceList.parse("http") == [ServiceRequest(.http(directory: nil), port: 80)])
    }

    @Test("every name that is advertised can be asked for")
    func names() throws {
        let requests = try ServiceList.parse(ServiceList.names.joined(separator: ","))
        #expect(requests.map(\.kind.name) == ServiceList.names)
    }

    @Test(
        "what is wrong is said",
        arguments: [
            ("", "a service lacks its name"),
            ("echo,", "a service lacks its name"),
            (":7", "a service lacks its name"),
            (
                "telnet",
                "there is no service 'telnet'; "
                    + "there are echo, discard, daytime, chargen, dns, http"
            ),
            (
                "Echo",
                "there is no service 'Echo'; there are echo, discard, daytime, chargen, dns, http"
            ),
            ("echo:", "port '' of echo is not from 1 to 65535"),
            ("echo:0", "port '0' of echo is not from 1 to 65535"),
            ("echo:65536", "port '65536' of echo is not from 1 to 65535"),
            ("echo:+7", "port '+7' of echo is not from 1 to 65535"),
            ("echo=/srv", "service 'echo' takes no directory"),
            ("http=", "'http=' lacks its directory"),
            ("echo,discard:7", "services echo and discard cannot share port 7"),
            ("http=/a,http=/b", "services http and http cannot share port 80"),
        ])
    func malformed(list: String, message: String) {
        #expect {
            try ServiceList.parse(list)
        } throws: { error in
            "\(error)" == message
        }
    }
}
