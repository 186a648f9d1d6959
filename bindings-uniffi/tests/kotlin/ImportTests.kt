import Tests.test
import java.io.File
import java.util.concurrent.Callable
import java.util.concurrent.Executors
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import postseal.*

fun importTests() {
    test("a signed mail is learned once") {
        val recorder = Recorder()
        val engine = engine("import = true").withStore(MemoryStore()).withTracer(recorder)
        val report = engine.importMail(pki("alice.eml"), ImportContext())
        same(listOf(ImportOutcome.IMPORTED, "alice@goal.example", Verdict.VALID, Verdict.VALID, CandidateKind.SIGNER, null),
            listOf(report.outcome, report.address, report.signature, report.path, report.candidate, report.error))
        val facts = readCertificate(pki("alice.der"))
        same(listOf(facts.fingerprint, facts.notBefore, facts.notAfter), listOf(report.fingerprint, report.notBefore, report.notAfter))
        same(ImportOutcome.ALREADY_KNOWN, engine.importMail(pki("alice.eml"), ImportContext()).outcome)
        same(listOf("signature-verified", "path-verified", "revocation-unknown", "imported"), recorder.names().take(4))
        val entry = engine.entries(null).single()
        yes(entry.certs.single().der.contentEquals(pki("alice.der")), "the certificate is the one that was sent")
        same(listOf<Any>(1UL, CertState.ACTIVE, Source.SIGNED_MAIL), listOf(entry.version, entry.certs[0].state, entry.certs[0].source))
        same(listOf(), engine.entries("another"))
    }

    test("events are the JSON lines") {
        val recorder = Recorder()
        engine("import = true").withStore(MemoryStore()).withTracer(recorder)
            .importMail(example("alice-detached.eml"), ImportContext(now = JUNE, route = "in"))
        val event = recorder.events.last()
        val line = Json.parseToJsonElement(event.details).jsonObject
        same(listOf("refused", JUNE, "default", "in"), listOf(event.name, event.at, event.tenant, event.route))
        same("610", line["number"]?.jsonPrimitive?.content)
        same(event.messageId, line["message_id"]?.jsonPrimitive?.content)
    }

    test("refusals have their code") {
        val mails = File(ROOT, "examples/mail").path
        val engine = Engine.fromConfiguration("trust = [\"anchors.pem\"]\nimport = true", mails).withStore(MemoryStore())
        fun outcome(file: String) = engine.importMail(example(file), ImportContext(now = JUNE)).let { nameOf(it.outcome) to it.error?.name }
        same("imported" to null, outcome("alice-detached.eml"))
        same("refused" to "address-mismatch", outcome("eve-wrong-from.eml"))
        same("refused" to "digest-mismatch", outcome("tampered-body.eml"))
    }

    test("the configured store is used, and a dry run changes nothing") {
        val folder = kotlin.io.path.createTempDirectory().toFile()
        val file = File(folder, "postseal.toml")
        file.writeText("trust = [\"${PKI.path}/anchors.pem\"]\nimport = true\nstore = \"sqlite:certs.db\"\n")
        val engine = Engine.fromFile(file.path)
        same(ImportOutcome.IMPORTED, engine.importMail(pki("alice.eml"), ImportContext(dryRun = true)).outcome)
        same(listOf(), engine.entries(null))
        engine.importMail(pki("alice.eml"), ImportContext())
        same(listOf("alice@goal.example"), engine.entries(null).map { it.address })
        folder.deleteRecursively()
    }

    test("an operator decides") {
        val engine = engine("import = true").withStore(MemoryStore())
        val fingerprint = engine.importMail(pki("alice.eml"), ImportContext()).fingerprint!!
        val seen = engine.entries(null).single()
        engine.decide(null, seen, fingerprint, Decision.REJECT, "root")
        same(CertState.REJECTED, engine.entries(null).single().certs.single().state)
        same(491.toUShort(), engine.importMail(pki("alice.eml"), ImportContext()).error?.number)
        same("store-contended", failureOf { engine.decide(null, seen, fingerprint, Decision.PIN, "root") }.name)
    }

    test("calls that cannot be") {
        same("store-missing", failureOf { engine("import = true").importMail(pki("alice.eml"), ImportContext()) }.name)
        same("value-unknown", failureOf { engine().importOperation(ByteArray(0), ImportContext(ocspNonce = ByteArray(3))) }.name)
        try {
            engine("improt = true")
            throw AssertionError("nothing was thrown")
        } catch (e: EngineException.Failed) {
            same(Fault.API_MISUSE, e.failure.fault)
            yes("unknown field `improt`" in e.detail!!, e.detail!!)
        }
        same(112.toUShort(), failureOf { Engine.fromFile("/no/such/file.toml") }.number)
    }

    test("any bytes are a mail") {
        val engine = engine("import = true").withStore(MemoryStore())
        for (octets in listOf(ByteArray(0), ByteArray(100), ByteArray(3000) { (it * 7).toByte() })) {
            val outcome = engine.importMail(octets, ImportContext()).outcome
            yes(outcome == ImportOutcome.NOT_SIGNED || outcome == ImportOutcome.REFUSED, "$outcome")
        }
    }

    test("one engine in many threads") {
        val engine = engine("import = true").withStore(MemoryStore())
        val pool = Executors.newFixedThreadPool(4)
        val calls = List(20) { Callable { engine.importMail(pki("alice.eml"), ImportContext()).outcome } }
        val outcomes = pool.invokeAll(calls).map { it.get() }
        pool.shutdown()
        same(mapOf(ImportOutcome.IMPORTED to 1, ImportOutcome.ALREADY_KNOWN to 19), outcomes.groupingBy { it }.eachCount())
    }

    test("nothing private is shown") {
        val recorder = Recorder()
        val engine = engine("import = true").withStore(MemoryStore()).withTracer(recorder)
        val shown = listOf(engine.importMail(pki("alice.eml"), ImportContext()), engine.entries(null), recorder.events,
            FindStored("default", listOf("alice@goal.example")), lends("alice"), Asked.FindStored(FindStored("default", listOf("alice@goal.example"))))
        for (one in shown) yes(!one.toString().contains("alice", ignoreCase = true), one.toString())
        same("LentCertificate(..)", LentCertificate(pki("alice.der")).toString())
    }

    test("every code") {
        val codes = codes()
        yes(codes.size > 150 && codes == codes.sortedBy { it.number }, "${codes.size} codes")
        same("internal-error", codes.single { it.number == 508.toUShort() }.name)
    }

    test("engines and their stores are closed") {
        repeat(200) {
            engine("import = true").use { plain ->
                plain.withStore(MemoryStore()).use { engine -> engine.importMail(pki("plain.eml"), ImportContext()) }
            }
        }
        val closed = engine()
        closed.close()
        try {
            closed.entries(null)
            throw AssertionError("nothing was thrown")
        } catch (_: IllegalStateException) {
        }
    }
}
