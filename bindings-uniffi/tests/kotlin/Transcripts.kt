import java.io.File
import java.util.Base64
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import postseal.*

private typealias Table = Map<String, Any?>

@Suppress("UNCHECKED_CAST") private fun Table.table(key: String) = this[key] as Table?

@Suppress("UNCHECKED_CAST") private fun Table.tables(key: String) = (this[key] as List<Table>?).orEmpty()

@Suppress("UNCHECKED_CAST") private fun Table.texts(key: String) = (this[key] as List<String>?).orEmpty()

private fun Table.text(key: String) = this[key] as String?

private fun base64(text: String) = Base64.getDecoder().decode(text)

private fun base64(octets: ByteArray) = Base64.getEncoder().encodeToString(octets)

/** As the flat form has it: everything is text, and what is null is not there. */
private fun texts(value: Any?): Any = when (value) {
    is Map<*, *> -> value.filterValues { it != null }.mapValues { texts(it.value) }
    is List<*> -> value.map(::texts)
    is Enum<*> -> nameOf(value)
    else -> value.toString()
}

private fun lists(value: Any?): Any? {
    if (value !is Map<*, *>) return value
    val count = value["#"] ?: return value.mapValues { lists(it.value) }
    return List((count as String).toInt()) { lists(value[it.toString()]) }
}

private val ESCAPES = mapOf("t" to "\t", "n" to "\n", "r" to "\r")

/** A transcript in its flat form (scripts/flatten-transcripts.py). */
private fun readFlat(file: File): Table {
    val tree = HashMap<String, Any?>()
    for (line in file.readLines()) {
        val (key, value) = line.split('\t', limit = 2)
        val way = key.split('.')
        @Suppress("UNCHECKED_CAST")
        val place = way.dropLast(1).fold(tree) { inner, name -> inner.getOrPut(name) { HashMap<String, Any?>() } as HashMap<String, Any?> }
        place[way.last()] = Regex("""\\(.)""").replace(value) { ESCAPES[it.groupValues[1]] ?: "\\" }
    }
    @Suppress("UNCHECKED_CAST") return lists(tree) as Table
}

private fun octets(loan: Table) =
    LentCertificate(base64(loan.text("der")!!), loan.texts("issuers").map(::base64), loan.text("capabilities")?.let(::base64),
        loan.text("signed_at")?.toLong(), loan.text("preferred") == "true")

private fun stored(cert: Table) = StoredCert(
    CertState.entries.single { nameOf(it) == cert.text("state") }, base64(cert.text("der")!!), cert.texts("issuers").map(::base64),
    cert.text("issuer_key")!!, cert.text("capabilities")?.let(::base64), cert.text("signed_at")?.toLong(),
    Source.entries.single { nameOf(it) == cert.text("source") }, cert.text("imported_at")!!.toLong(),
)

private fun entry(entry: Table) = Entry(entry.text("address")!!, entry.text("version")!!.toULong(), entry.tables("certs").map(::stored))

private fun reply(reply: Table) = when {
    "found" in reply -> DirectoryReply.Found(reply.tables("found").map(::octets))
    "not_found" in reply -> DirectoryReply.NotFound
    else -> DirectoryReply.Unavailable(reply.text("unavailable")!!)
}

private fun answer(answer: Table) = when {
    "unavailable" in answer -> Answer.Unavailable(answer.text("unavailable")!!)
    "entries" in answer -> Answer.Entries(answer.tables("entries").map(::entry))
    "stored" in answer -> Answer.Put(PutOutcome.Stored)
    "conflict" in answer -> Answer.Put(PutOutcome.Conflict(entry(answer.table("conflict")!!)))
    "replies" in answer -> Answer.Replies(answer.tables("replies").map(::reply))
    else -> Answer.Body(base64(answer.text("body")!!))
}

private fun asked(asked: Asked) = when (asked) {
    is Asked.FindStored -> mapOf("question" to "find-stored", "tenant" to asked.query.tenant, "addresses" to asked.query.addresses)
    is Asked.PutStored -> asked.query.run {
        mapOf("question" to "put-stored", "tenant" to tenant, "address" to address, "expect" to expect, "change" to change.kind(),
            "fingerprint" to change.fingerprint())
    }
    is Asked.ResolveDirectory -> asked.query.run {
        mapOf("question" to "resolve-directory", "tenant" to tenant, "directory" to directory, "addresses" to addresses)
    }
    is Asked.FetchCrl -> mapOf("question" to "fetch-crl", "at" to asked.query.at, "limit" to asked.query.limit)
    is Asked.FetchOcsp -> asked.query.run { mapOf("question" to "fetch-ocsp", "at" to at, "request" to base64(request), "limit" to limit) }
    is Asked.FetchIssuer -> mapOf("question" to "fetch-issuer", "at" to asked.query.at, "limit" to asked.query.limit)
}

private fun error(failure: Failure?): Table =
    failure?.run { mapOf("code" to name, "number" to number, "fault" to fault, "offset" to offset) }.orEmpty()

private fun imported(report: ImportReport): Table = report.run {
    mapOf("outcome" to outcome, "message_id" to messageId, "address" to address, "fingerprint" to fingerprint, "not_before" to notBefore,
        "not_after" to notAfter, "signature" to signature, "path" to path, "candidate" to candidate, "unavailable" to unavailable) +
        error(error)
}

private fun recipient(report: RecipientReport): Table = report.run {
    val found = found.map { mapOf("source" to it.source, "fingerprint" to it.fingerprint) }
    val rejected = rejected.map { mapOf("source" to it.source, "fingerprint" to it.fingerprint, "code" to it.error.name) }
    mapOf("address" to address, "hidden" to hidden, "outcome" to outcome, "found" to found, "rejected" to rejected,
        "needs_operator" to needsOperator, "code" to error?.name, "unavailable" to unavailable)
}

private fun encrypted(encryption: Encryption, recipients: List<RecipientReport>): Table = encryption.run {
    val messages = messages.map {
        mapOf("addresses" to it.addresses, "hidden" to it.hidden, "content_encryption" to it.contentEncryption)
    }
    mapOf("recipients" to recipients.map(::recipient), "messages" to messages, "left_out" to leftOut.map { it.address },
        "plaintext_allowed" to plaintextAllowed, "is_passed" to isPassed)
}

private fun unsealed(unsealed: EngineException.Unsealed, recipients: List<RecipientReport>): Table =
    mapOf("recipients" to recipients.map(::recipient), "left_out" to unsealed.recipients.map { it.address }) + error(unsealed.failure)

/** Both kinds of operation behind one door. */
private sealed interface Next {
    data class Ask(val question: Question) : Next

    data object Wait : Next

    data class Done(val outcome: Table) : Next
}

private class Conversation(private val import: ImportOperation?, private val encrypt: EncryptOperation?) {
    fun poll(): Next = import?.poll()?.let {
        when (it) {
            is ImportStep.Ask -> Next.Ask(it.question)
            is ImportStep.Wait -> Next.Wait
            is ImportStep.Done -> Next.Done(imported(it.report))
        }
    } ?: try {
        when (val step = encrypt!!.poll()) {
            is EncryptStep.Ask -> Next.Ask(step.question)
            is EncryptStep.Wait -> Next.Wait
            is EncryptStep.Done -> Next.Done(encrypted(step.encryption, encrypt.recipients()))
        }
    } catch (e: EngineException.Unsealed) {
        Next.Done(unsealed(e, encrypt!!.recipients()))
    }

    fun handle(question: Question, answer: Answer) = import?.handle(question, answer) ?: encrypt!!.handle(question, answer)
}

/** The engine is driven turn by turn, and has to say what the transcript says. */
class Transcript(file: File, private val folder: File) {
    private val script = readFlat(file)
    private val questions = ArrayList<Question>()
    private val recorder = Recorder()
    private var outcome: Table? = null

    fun play() {
        val outcome = try {
            val conversation = start(recorder)
            for (turn in script.tables("turn")) turn(conversation, turn)
            outcome ?: finish(conversation)
        } catch (e: EngineException.Failed) {
            mapOf("error" to error(e.failure))
        } catch (e: EngineException.Unsealed) {
            unsealed(e, listOf())
        }
        same(script["outcome"], texts(outcome))
        val events = recorder.events.map { event ->
            Json.parseToJsonElement(event.details).jsonObject.filterValues { it != JsonNull }.mapValues { it.value.jsonPrimitive.content }
        }
        same(script.tables("event"), events)
    }

    private fun start(tracer: Tracer): Conversation {
        val engine = Engine.fromConfiguration(script.text("configuration")!!, folder.path).withTracer(tracer)
        val (now, tenant, route) = Triple(script.text("now")!!.toLong(), script.text("tenant"), script.text("route"))
        val nonce = script.text("ocsp_nonce")?.chunked(2)?.map { it.toInt(16).toByte() }?.toByteArray()
        val mail = base64(script.text("mail")!!)
        if (script.text("operation") == "import") {
            val context = ImportContext(tenant, route, now, script.text("dry_run") == "true", ocspNonce = nonce)
            return Conversation(engine.importOperation(mail, context), null)
        }
        val context = EncryptContext(tenant, route, now, ocspNonce = nonce)
        return Conversation(null, engine.encryptOperation(mail, script.texts("visible"), script.texts("hidden"), context))
    }

    private fun turn(conversation: Conversation, turn: Table) {
        turn.table("ask")?.let { expected ->
            val question = (conversation.poll() as Next.Ask).question
            questions += question
            return same(expected, texts(asked(question.asked()) + ("number" to questions.size)))
        }
        turn.table("answer")?.let { return conversation.handle(questions[it.text("to")!!.toInt() - 1], answer(it)) }
        turn.table("misuse")?.let { return misuse(conversation, it) }
        yes(conversation.poll() is Next.Wait, "it should wait")
    }

    private fun misuse(conversation: Conversation, misuse: Table) {
        val down = Answer.Unavailable("of another operation")
        fun question() = questions[misuse.text("to")!!.toInt() - 1]
        val failure = failureOf {
            when (val kind = misuse.text("kind")) {
                "foreign-answer" -> conversation.handle((start(Recorder()).poll() as Next.Ask).question, down)
                "answer-twice" -> conversation.handle(question(), down)
                "answer-kind" -> conversation.handle(question(), wrongKind(question().asked()))
                "poll-after-done" -> {
                    outcome = finish(conversation)
                    conversation.poll()
                }
                else -> throw AssertionError("unknown misuse $kind")
            }
        }
        same(misuse - "kind" - "to", texts(error(failure)))
    }

    private fun wrongKind(asked: Asked) = when (asked) {
        is Asked.FetchCrl, is Asked.FetchOcsp, is Asked.FetchIssuer -> Answer.Put(PutOutcome.Stored)
        else -> Answer.Body(ByteArray(0))
    }

    private fun finish(conversation: Conversation) = (conversation.poll() as Next.Done).outcome
}

/** Conversations that were recorded once, and are the same in every language. */
fun transcriptTests() {
    val files = File(System.getProperty("postseal.transcripts", "")).listFiles { file -> file.extension == "flat" }.orEmpty().sorted()
    val folder = File(System.getProperty("postseal.transcript.folder", File(ROOT, "transcripts").path))
    if (files.isEmpty()) return println("SKIPPED: no transcripts; nothing was replayed in Kotlin")
    for (file in files) Tests.test("transcript ${file.nameWithoutExtension}") { Transcript(file, folder).play() }
    Tests.test("a difference of a transcript is seen") {
        val text = files.single { it.name == "import-first.flat" }.readText()
        val changed = File.createTempFile("changed", ".flat")
        changed.writeText(text.replace("outcome.outcome\timported", "outcome.outcome\trenewed"))
        val seen = runCatching { Transcript(changed, folder).play() }.isFailure
        changed.delete()
        yes(seen, "no difference was seen")
    }
    println("Kotlin: ${files.size} transcripts replayed")
}
