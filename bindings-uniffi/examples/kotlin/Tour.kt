// Every function once, in the order in which a host meets them. `Gateway.kt` beside it is a whole program.
//
// Its argument is `examples/mail` of the repository.

package tour

import java.io.File
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import postseal.*

// ---- what the host brings itself ----

private val ears = object : Tracer {
    override fun event(event: Event) = println("  ${event.name}: ${event.details}")
}

/** Fetches nothing. A real one asks over HTTP, for at most `query.limit` octets. */
private val offline = object : Fetcher {
    override fun fetchCrl(query: FetchCrl) = throw HostException.Unavailable("no network for ${query.at}")

    override fun fetchOcsp(query: FetchOcsp) = throw HostException.Unavailable("no network for ${query.at}")

    override fun fetchIssuer(query: FetchIssuer) = throw HostException.Unavailable("no network for ${query.at}")
}

private val nobody = object : Directory {
    override fun resolve(query: ResolveDirectory) = query.addresses.map { DirectoryReply.NotFound }
}

private val entries = HashMap<String, Entry>()

private fun kept(address: String) = entries[addressKey(address)] ?: Entry(address)

private fun keep(query: PutStored) {
    println("  ${query.change.kind()} ${query.address}: ${query.change.fingerprint().take(12)}")
    entries[addressKey(query.address)] = query.change.apply(kept(query.address))
}

private val remembered = object : CertStore {
    override fun find(query: FindStored) = query.addresses.map(::kept)

    override fun put(query: PutStored) = PutOutcome.Stored.also { keep(query) }

    override fun entries(tenant: String) = entries.values.toList()
}

// ---- step by step: the host carries out the questions ----

private fun answer(question: Question): Answer = when (val asked = question.asked()) {
    is Asked.FindStored -> Answer.Entries(asked.query.addresses.map(::kept))
    is Asked.PutStored -> Answer.Put(PutOutcome.Stored).also { keep(asked.query) }
    is Asked.ResolveDirectory -> Answer.Replies(asked.query.addresses.map { DirectoryReply.NotFound })
    else -> Answer.Unavailable("no network")
}

private fun run(operation: ImportOperation): ImportReport {
    while (true) {
        when (val step = operation.poll()) {
            is ImportStep.Ask -> operation.handle(step.question, answer(step.question)).also { check(step.question.isAnswered()) }
            is ImportStep.Wait -> error("every question was answered")
            is ImportStep.Done -> return step.report
        }
    }
}

private fun run(operation: EncryptOperation): Encryption {
    while (true) {
        when (val step = operation.poll()) {
            is EncryptStep.Ask -> operation.handle(step.question, answer(step.question))
            is EncryptStep.Wait -> error("every question was answered")
            is EncryptStep.Done -> return step.encryption
        }
    }
}

// ---- without blocking: coroutines, and whatever can be asked at the same time is ----

private val slowStore = object : AsyncCertStore {
    override suspend fun find(query: FindStored): List<Entry> {
        delay(1)
        return query.addresses.map(::kept)
    }

    override suspend fun put(query: PutStored) = PutOutcome.Stored.also { keep(query) }
}

private val slowDirectory = object : AsyncDirectory {
    override suspend fun resolve(query: ResolveDirectory): List<DirectoryReply> {
        delay(1)
        return query.addresses.map { DirectoryReply.NotFound }
    }
}

private val slowFetcher = object : AsyncFetcher {
    override suspend fun fetchCrl(query: FetchCrl) = offline.fetchCrl(query)

    override suspend fun fetchOcsp(query: FetchOcsp) = offline.fetchOcsp(query)

    override suspend fun fetchIssuer(query: FetchIssuer) = offline.fetchIssuer(query)
}

fun main(arguments: Array<String>) {
    val folder = File(arguments[0]).absoluteFile
    val alice = File(folder, "alice-detached.eml").readBytes()
    val plain = "Subject: plans\r\n\r\nin confidence\r\n".toByteArray()
    println(codes().single { it.number == 508.toUShort() })

    // An engine, by a text or a file.
    val place = kotlin.io.path.createTempDirectory().toFile()
    val toml = """
        trust = ["${File(folder, "anchors.pem")}"]
        import = true
        store = "sqlite:certs.db"
        directories = ["staff"]
        [directory.staff]
        kind = "host"
        [encrypt]
        mode = "if-possible"
    """.trimIndent()
    val file = File(place, "postseal.toml").apply { writeText(toml) }
    var engine = Engine.fromFile(file.path)
    if (engine.entries(null).isEmpty()) engine = Engine.fromConfiguration(toml, place.path)
    engine = engine.withTracer(ears).withFetcher(offline).withDirectory("staff", nobody)

    // One call for a mail that comes in, one for a mail that goes out.
    val report = engine.importMail(alice, ImportContext(route = "inbound", timeoutMs = 5000UL))
    val sealed = engine.encrypt(plain, listOf(report.address!!), listOf("carol@goal.example"), EncryptContext())
    println("${sealed.messages.size} message, left out: ${sealed.leftOut.size}, plaintext: ${sealed.plaintextAllowed}")

    // What is stored, and an operator's word about it.
    val entry = engine.entries("default").single()
    val facts = readCertificate(entry.certs.single().der)
    println("${entry.address}: ${facts.subject} until ${java.time.Instant.ofEpochSecond(facts.notAfter)}")
    engine.decide(null, entry, facts.fingerprint, Decision.PIN, "admin")

    println(run(engine.importOperation(alice, ImportContext())).outcome)
    val operation = engine.encryptOperation(plain, listOf(report.address!!), listOf(), EncryptContext())
    run(operation)
    println(operation.recipients().map { it.outcome })

    val slow = engine.withAsyncStore(slowStore).withAsyncDirectory("staff", slowDirectory).withAsyncFetcher(slowFetcher)
    runBlocking {
        println(slow.importMailAsync(alice, ImportContext()).outcome)
        println(slow.encryptAsync(plain, listOf(report.address!!), listOf(), EncryptContext()).messages.size)
    }

    // A store of the host's own for the calls that block.
    println(engine.withStore(remembered).entries(null).size)
    engine.close()
    place.deleteRecursively()
}
