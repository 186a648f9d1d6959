import java.io.File
import java.util.Collections
import postseal.*

val ROOT = File(System.getProperty("postseal.root"))
val PKI = File(System.getProperty("postseal.pki"))
const val JUNE = 1_780_272_000L // 2026-06-01, when the mails of examples/mail are valid

fun pki(name: String) = File(PKI, name).readBytes()

fun example(name: String) = File(ROOT, "examples/mail/$name").readBytes()

/** The name of a value, as traces have it: `already-known`. */
fun nameOf(value: Enum<*>) = value.name.lowercase().replace('_', '-')

/** A store in memory, by the rules of the interface. */
open class MemoryStore : CertStore {
    private val kept = HashMap<Pair<String, String>, Entry>()

    private fun at(tenant: String, address: String) = kept[tenant to addressKey(address)] ?: Entry(address)

    @Synchronized override fun find(query: FindStored) = query.addresses.map { at(query.tenant, it) }

    @Synchronized
    override fun put(query: PutStored): PutOutcome {
        val entry = at(query.tenant, query.address)
        if (entry.version != query.expect) return PutOutcome.Conflict(entry)
        kept[query.tenant to addressKey(query.address)] = query.change.apply(entry)
        return PutOutcome.Stored
    }

    @Synchronized
    override fun entries(tenant: String) = kept.filterKeys { it.first == tenant }.toSortedMap(compareBy { it.second }).values.toList()
}

class Recorder : Tracer {
    val events: MutableList<Event> = Collections.synchronizedList(ArrayList())

    override fun event(event: Event) {
        events += event
    }

    fun names() = events.map { it.name }
}

class ScriptedDirectory(val answer: (String) -> DirectoryReply) : Directory {
    val queries = ArrayList<ResolveDirectory>()

    override fun resolve(query: ResolveDirectory): List<DirectoryReply> {
        queries += query
        return query.addresses.map(answer)
    }
}

fun lends(name: String) = DirectoryReply.Found(listOf(LentCertificate(pki("$name.der"))))

fun engine(configuration: String = "", trust: String = "trust = [\"anchors.pem\"]") =
    Engine.fromConfiguration("$trust\n$configuration", PKI.path)

const val STAFF = "import = true\ndirectories = [\"staff\"]\n[directory.staff]\nkind = \"host\"\n"

/** What OpenSSL reads with the key of `name`; null when it is not for him. */
fun decrypt(mail: ByteArray, name: String): String? {
    val file = File.createTempFile("sealed", ".eml").apply { writeBytes(mail) }
    val key = File(PKI, "$name.key").path
    val process = ProcessBuilder("openssl", "cms", "-decrypt", "-in", file.path, "-inkey", key)
        .redirectError(ProcessBuilder.Redirect.DISCARD).start()
    val text = process.inputStream.readBytes().decodeToString()
    file.delete()
    return if (process.waitFor() == 0) text else null
}

fun failureOf(call: () -> Unit): Failure {
    try {
        call()
    } catch (e: EngineException.Failed) {
        return e.failure
    } catch (e: EngineException.Unsealed) {
        return e.failure
    }
    throw AssertionError("nothing was thrown")
}

fun unsealedBy(call: () -> Unit): EngineException.Unsealed {
    try {
        call()
    } catch (e: EngineException.Unsealed) {
        return e
    }
    throw AssertionError("nothing was thrown")
}

fun <T> same(expected: T, got: T) {
    if (expected != got) throw AssertionError("expected $expected, got $got")
}

fun yes(holds: Boolean, what: String) {
    if (!holds) throw AssertionError(what)
}

/** Runs tests by name, and remembers which failed. */
object Tests {
    private var count = 0
    private val failed = ArrayList<String>()

    fun test(name: String, body: () -> Unit) {
        count++
        try {
            body()
        } catch (e: Throwable) {
            failed += name
            println("FAILED: $name")
            e.printStackTrace(System.out)
        }
    }

    fun end(): Int {
        println("Kotlin: $count tests, ${failed.size} failed")
        return if (count > 0 && failed.isEmpty()) 0 else 1
    }
}
