// A mail gateway in small: it learns from a signed mail, and encrypts to whom it learned and to whom a directory knows.
//
// Its argument is a folder with `anchors.pem`, `alice-detached.eml` and `bob-opaque-ber.eml`: `examples/mail` of the repository.

import java.io.File
import postseal.*

/** A store: it compares versions and lets the change decide. A real one has a transaction around `put`. */
class Store : CertStore {
    private val entries = HashMap<Pair<String, String>, Entry>()

    private fun at(tenant: String, address: String) = entries[tenant to addressKey(address)] ?: Entry(address)

    @Synchronized override fun find(query: FindStored) = query.addresses.map { at(query.tenant, it) }

    @Synchronized
    override fun put(query: PutStored): PutOutcome {
        val entry = at(query.tenant, query.address)
        if (entry.version != query.expect) return PutOutcome.Conflict(entry)
        entries[query.tenant to addressKey(query.address)] = query.change.apply(entry)
        return PutOutcome.Stored
    }

    @Synchronized
    override fun entries(tenant: String) =
        entries.filterKeys { it.first == tenant }.toSortedMap(compareBy { it.second }).values.toList()
}

/** A directory: it lends what it has, and the engine judges it. "Nobody" and "I cannot say" are different answers. */
class StaffDirectory(private val certificates: Map<String, StoredCert>) : Directory {
    override fun resolve(query: ResolveDirectory): List<DirectoryReply> {
        if (certificates.isEmpty()) throw HostException.Unavailable("directory: not loaded")
        return query.addresses.map { address ->
            val known = certificates[addressKey(address)] ?: return@map DirectoryReply.NotFound
            DirectoryReply.Found(listOf(LentCertificate(known.der, known.issuers)))
        }
    }
}

fun main(arguments: Array<String>) {
    val folder = File(arguments[0])
    val configuration = """
        trust = ["anchors.pem"]
        import = true
        directories = ["staff"]
        [directory.staff]
        kind = "host"
    """.trimIndent()
    var engine = Engine.fromConfiguration(configuration, folder.path).withStore(Store())

    // A signed mail comes in. The octets are as they were received: what parses and writes a mail again breaks its signature.
    val report = engine.importMail(File(folder, "alice-detached.eml").readBytes(), ImportContext())
    report.error?.let { throw IllegalStateException(it.sentence) }
    println("learned ${report.address} ${report.fingerprint?.take(12)}")

    // Whom the directory knows; here another gateway learned it.
    val elsewhere = Engine.fromConfiguration(configuration, folder.path).withStore(Store())
    elsewhere.importMail(File(folder, "bob-opaque-ber.eml").readBytes(), ImportContext())
    val known = elsewhere.entries(null).associate { addressKey(it.address) to it.certs.last() }
    engine = engine.withDirectory("staff", StaffDirectory(known))

    // A mail goes out.
    val mail = "From: office@goal.example\r\nSubject: plans\r\n\r\nin confidence\r\n".toByteArray()
    val encryption = engine.encrypt(mail, listOf("alice@goal.example", "bob@goal.example"), listOf(), EncryptContext())
    for (message in encryption.messages) {
        println("sealed for ${message.addresses.joinToString()} with ${message.contentEncryption}: ${message.mail.size} octets")
    }

    // Nobody knows Carol: no message, and the reason for each recipient.
    try {
        engine.encrypt(mail, listOf("carol@goal.example"), listOf(), EncryptContext())
    } catch (e: EngineException.Unsealed) {
        val reply = if (e.failure.fault == Fault.UNAVAILABLE) 451 else 554
        println("$reply ${e.recipients[0].address}: ${e.failure.sentence}")
    }
}
