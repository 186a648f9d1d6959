// A mail gateway in small: it learns from a signed mail, and encrypts to whom it learned and to whom a directory knows.
//
// Its argument is a folder with `anchors.pem`, `alice-detached.eml` and `bob-opaque-ber.eml`: `examples/mail` of the repository.

import Foundation
import Postseal

/// A store: it compares versions and lets the change decide. A real one has a transaction around `put`.
final class Store: CertStore, @unchecked Sendable {
    private var kept: [String: [String: Entry]] = [:]
    private let lock = NSLock()

    private func at(_ tenant: String, _ address: String) throws -> Entry {
        try kept[tenant]?[addressKey(address: address)] ?? Entry(address: address)
    }

    func find(query: FindStored) throws -> [Entry] {
        lock.lock()
        defer { lock.unlock() }
        return try query.addresses.map { try at(query.tenant, $0) }
    }

    func put(query: PutStored) throws -> PutOutcome {
        lock.lock()
        defer { lock.unlock() }
        let entry = try at(query.tenant, query.address)
        if entry.version != query.expect { return .conflict(entry: entry) }
        kept[query.tenant, default: [:]][try addressKey(address: query.address)] = try query.change.apply(entry: entry)
        return .stored
    }

    func entries(tenant: String) throws -> [Entry] {
        lock.lock()
        defer { lock.unlock() }
        return (kept[tenant] ?? [:]).sorted { $0.key < $1.key }.map { $0.value }
    }
}

/// A directory: it lends what it has, and the engine judges it. "Nobody" and "I cannot say" are different answers.
final class StaffDirectory: Directory, @unchecked Sendable {
    private let certificates: [String: StoredCert]

    init(_ certificates: [String: StoredCert]) {
        self.certificates = certificates
    }

    func resolve(query: ResolveDirectory) throws -> [DirectoryReply] {
        if certificates.isEmpty { throw HostError.Unavailable(reason: "directory: not loaded") }
        return try query.addresses.map { address in
            guard let known = certificates[try addressKey(address: address)] else { return .notFound }
            return .found(certificates: [LentCertificate(der: known.der, issuers: known.issuers)])
        }
    }
}

@main
struct Gateway {
    static func main() throws {
        let folder = URL(fileURLWithPath: CommandLine.arguments[1])
        let configuration = """
            trust = ["anchors.pem"]
            import = true
            directories = ["staff"]
            [directory.staff]
            kind = "host"
            """
        func read(_ name: String) throws -> Data { try Data(contentsOf: folder.appendingPathComponent(name)) }
        func gateway() throws -> Engine {
            try Engine.fromConfiguration(text: configuration, folder: folder.path).withStore(store: Store())
        }
        var engine = try gateway()

        // A signed mail comes in. The octets are as they were received: what parses and writes a mail again breaks its signature.
        let report = try engine.importMail(mail: read("alice-detached.eml"), context: ImportContext())
        guard report.error == nil else { fatalError(report.error!.sentence) }
        print("learned \(report.address!) \(report.fingerprint!.prefix(12))")

        // Whom the directory knows; here another gateway learned it.
        let elsewhere = try gateway()
        _ = try elsewhere.importMail(mail: read("bob-opaque-ber.eml"), context: ImportContext())
        var known: [String: StoredCert] = [:]
        for entry in try elsewhere.entries(tenant: nil) {
            known[try addressKey(address: entry.address)] = entry.certs.last
        }
        engine = try engine.withDirectory(name: "staff", directory: StaffDirectory(known))

        // A mail goes out.
        let mail = Data("From: office@goal.example\r\nSubject: plans\r\n\r\nin confidence\r\n".utf8)
        let recipients = ["alice@goal.example", "bob@goal.example"]
        let encryption = try engine.encrypt(mail: mail, visible: recipients, hidden: [], context: EncryptContext())
        for message in encryption.messages {
            let names = message.addresses.joined(separator: ", ")
            print("sealed for \(names) with \(message.contentEncryption): \(message.mail.count) octets")
        }

        // Nobody knows Carol: no message, and the reason for each recipient.
        do {
            _ = try engine.encrypt(mail: mail, visible: ["carol@goal.example"], hidden: [], context: EncryptContext())
        } catch EngineError.Unsealed(let failure, let recipients) {
            print("\(failure.fault == .unavailable ? 451 : 554) \(recipients[0].address): \(failure.sentence)")
        }
    }
}
