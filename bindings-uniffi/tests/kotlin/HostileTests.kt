import Tests.test
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeoutOrNull
import java.util.concurrent.atomic.AtomicInteger
import postseal.*

private open class BadStore(val found: (FindStored) -> List<Entry>) : MemoryStore() {
    override fun find(query: FindStored) = found(query)
}

private fun import(store: CertStore) = engine("import = true").withStore(store).importMail(pki("alice.eml"), ImportContext())

private fun deferred(report: ImportReport, text: String? = null) {
    same(ImportOutcome.DEFERRED to Fault.UNAVAILABLE, report.outcome to report.error?.fault)
    if (text != null) same(text, report.unavailable)
}

private fun stored(der: ByteArray = pki("alice.der"), key: String = "00".repeat(32)) =
    Entry("alice@goal.example", 1UL, listOf(StoredCert(CertState.ACTIVE, der, listOf(), key, null, null, Source.SIGNED_MAIL, 0)))

private class AsyncStore(val store: CertStore) : AsyncCertStore {
    override suspend fun find(query: FindStored): List<Entry> {
        delay(1)
        return store.find(query)
    }

    override suspend fun put(query: PutStored): PutOutcome {
        delay(1)
        return store.put(query)
    }
}

/** Answers once two are asking. */
private class MeetingDirectory(val answer: (String) -> DirectoryReply) : AsyncDirectory {
    private val asking = AtomicInteger()
    val haveMet = CompletableDeferred<Unit>()

    override suspend fun resolve(query: ResolveDirectory): List<DirectoryReply> {
        if (asking.incrementAndGet() == 2) haveMet.complete(Unit)
        withTimeoutOrNull(10_000) { haveMet.await() }
        asking.decrementAndGet()
        return query.addresses.map(answer)
    }
}

fun hostileTests() {
    test("a store that throws") {
        deferred(import(BadStore { throw IllegalStateException("gone\nsecond line") }), "java.lang.IllegalStateException: gone")
        deferred(import(BadStore { throw HostException.Unavailable("db: locked") }), "db: locked")
        deferred(import(BadStore { throw StackOverflowError() }))
        deferred(import(BadStore { throw OutOfMemoryError("so it says") }))
        val long = import(BadStore { throw RuntimeException("y".repeat(5000)) }).unavailable!!
        yes(long.length < 300 && "HostileTests" !in long, long)
    }

    test("a store that answers nonsense") {
        val alice = Entry("alice@goal.example")
        val wrong = listOf(listOf(), listOf(alice, alice), listOf(Entry("bob@goal.example")), listOf(Entry("no address")),
            listOf(stored(der = ByteArray(3))), listOf(stored(key = "zz")))
        for (entries in wrong) deferred(import(BadStore { entries }))
        @Suppress("UNCHECKED_CAST") deferred(import(BadStore { listOf(7) as List<Entry> }))
    }

    test("a store that is always in conflict") {
        val store = object : MemoryStore() {
            override fun put(query: PutStored) = PutOutcome.Conflict(Entry(query.address, 9UL))
        }
        same("store-contended", import(store).error?.name)
    }

    test("directories") {
        val bad = listOf<(String) -> DirectoryReply>({ throw IllegalStateException("gone") }, { DirectoryReply.Unavailable("down\nbecause") })
        for (answer in bad) {
            val engine = engine(STAFF).withStore(MemoryStore()).withDirectory("staff", ScriptedDirectory(answer))
            val report = unsealedBy { engine.encrypt(pki("plain.eml"), listOf("bob@goal.example"), listOf(), EncryptContext()) }.recipients.single()
            same(RecipientOutcome.UNAVAILABLE to false, report.outcome to report.mayGetPlaintext)
            yes("because" !in report.unavailable!!, report.unavailable!!)
        }
        val tooMany = object : Directory {
            override fun resolve(query: ResolveDirectory) = List(2) { DirectoryReply.NotFound }
        }
        val engine = engine(STAFF).withStore(MemoryStore()).withDirectory("staff", tooMany)
        same(Fault.UNAVAILABLE, failureOf { engine.encrypt(pki("plain.eml"), listOf("bob@goal.example"), listOf(), EncryptContext()) }.fault)
    }

    test("a tracer that throws changes nothing") {
        val tracer = object : Tracer {
            override fun event(event: Event) = throw IllegalStateException("full")
        }
        val engine = engine("import = true").withStore(MemoryStore()).withTracer(tracer)
        same(ImportOutcome.IMPORTED, engine.importMail(pki("alice.eml"), ImportContext()).outcome)
    }

    test("async: an import, with all that it asks") {
        val store = MemoryStore()
        val engine = engine("import = true").withAsyncStore(AsyncStore(store))
        same(ImportOutcome.IMPORTED, runBlocking { engine.importMailAsync(pki("alice.eml"), ImportContext()) }.outcome)
        same(listOf("alice@goal.example"), store.entries("default").map { it.address })
        val outcomes = runBlocking { List(8) { async { engine.importMailAsync(pki("alice.eml"), ImportContext()).outcome } }.awaitAll() }
        same(setOf(ImportOutcome.ALREADY_KNOWN), outcomes.toSet())
    }

    test("async: all directories at once") {
        val two = "directories = [\"staff\", \"others\"]\n[directory.staff]\nkind = \"host\"\ndomains = [\"other.example\"]\n" +
            "[directory.others]\nkind = \"host\"\ndomains = [\"goal.example\"]\n[encrypt]\nmode = \"if-possible\""
        val directory = MeetingDirectory { if (it.startsWith("bob")) lends("bob") else DirectoryReply.NotFound }
        val engine = engine(two).withAsyncStore(AsyncStore(MemoryStore()))
            .withAsyncDirectory("staff", directory).withAsyncDirectory("others", directory)
        val encryption = runBlocking {
            engine.encryptAsync(pki("plain.eml"), listOf("bob@goal.example", "dan@other.example"), listOf(), EncryptContext())
        }
        yes(directory.haveMet.isCompleted, "one after the other")
        same(listOf(listOf("bob@goal.example")), encryption.messages.map { it.addresses })
        same(listOf("dan@other.example"), encryption.leftOut.map { it.address })
    }

    test("async: hosts that throw") {
        for (error in listOf(IllegalStateException("gone"), HostException.Unavailable("gone"), CancellationException("gone"))) {
            val engine = engine("import = true").withAsyncStore(AsyncStore(BadStore { throw error }))
            deferred(runBlocking { engine.importMailAsync(pki("alice.eml"), ImportContext()) })
        }
    }

    test("async: a call that is cancelled leaves nothing behind") {
        val never = object : AsyncDirectory {
            override suspend fun resolve(query: ResolveDirectory): List<DirectoryReply> {
                delay(3_600_000)
                return listOf()
            }
        }
        val engine = engine(STAFF).withAsyncStore(AsyncStore(MemoryStore())).withAsyncDirectory("staff", never)
        val outcome = runBlocking {
            withTimeoutOrNull(200) { engine.encryptAsync(pki("plain.eml"), listOf("bob@goal.example"), listOf(), EncryptContext()) }
        }
        same(null, outcome)
    }
}
