import Testing

@testable import Services

@Suite("Files that are put")
struct UploadTests {
    private let files: TemporaryDirectory
    private let directory: ServedDirectory

    init() throws {
        files = try TemporaryDirectory()
        try files.write("old", to: "file")
        try files.write("x", to: "sub/x")
        directory = try ServedDirectory(files.path)
    }

    @Test("a file has its name only once it is complete, and replaces what had it")
    func commit() throws {
        let upload = try directory.beginUpload(to: HTTPTarget("/file"))
        try upload.write(Array("ne".utf8)[...])
        #expect(files.read("file") == Array("old".utf8))
        try upload.write(Array("w".utf8)[...])
        let isNew = try upload.commit()
        #expect(!isNew)
        #expect(files.read("file") == Array("new".utf8))
        #expect(try files.names == ["file", "sub"])
    }

    @Test("a new file is said to be one")
    func create() throws {
        let upload = try directory.beginUpload(to: HTTPTarget("/sub/new"))
        let isNew = try upload.commit()
        #expect(isNew)
        #expect(files.read("sub/new") == [])
    }

    @Test("what is not committed leaves nothing")
    func abandon() throws {
        do {
            let upload = try directory.beginUpload(to: HTTPTarget("/other"))
            try upload.write([1, 2, 3])
            #expect(try files.names.count == 3)
        }
        #expect(try files.names == ["file", "sub"])
    }

    @Test("a link is replaced, not written through")
    func link() throws {
        try files.write("safe", to: "target")
        try files.link("link", to: "target")
        let upload = try directory.beginUpload(to: HTTPTarget("/link"))
        try upload.write(Array("evil".utf8)[...])
        _ = try upload.commit()
        #expect(files.read("target") == Array("safe".utf8))
        #expect(files.read("link") == Array("evil".utf8))
    }

    @Test(
        "directories, and files in none, cannot be put: 409",
        arguments: ["/", "/sub", "/sub/", "/none/x", "/new/"])
    func conflict(target: String) {
        #expect {
            try directory.beginUpload(to: HTTPTarget(target))
        } throws: { error in
            (error as? HTTPRefusal)?.status == .conflict
        }
    }
}
