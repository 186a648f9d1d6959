import Tests.test
import postseal.*

private fun encrypt(engine: Engine, visible: List<String>, hidden: List<String> = listOf(), context: EncryptContext = EncryptContext()) =
    engine.encrypt(pki("plain.eml"), visible, hidden, context)

private fun absent(query: FindStored) = Answer.Entries(query.addresses.map { Entry(it) })

fun encryptTests() {
    test("for who was learned") {
        val engine = engine("import = true").withStore(MemoryStore())
        engine.importMail(pki("alice.eml"), ImportContext())
        val message = encrypt(engine, listOf("Alice@goal.example")).messages.single()
        same(listOf<Any>(listOf("Alice@goal.example"), false, "aes256-cbc"), listOf(message.addresses, message.hidden, message.contentEncryption))
        yes("in confidence" in decrypt(message.mail, "alice")!!, "Alice reads it")
        same(null, decrypt(message.mail, "bob"))
        yes("alice" !in message.toString(), message.toString())
    }

    test("for whom a directory lends") {
        val staff = ScriptedDirectory { lends(it.substringBefore('@')) }
        val recorder = Recorder()
        val engine = engine(STAFF).withStore(MemoryStore()).withDirectory("staff", staff).withTracer(recorder)
        val encryption = encrypt(engine, listOf("bob@goal.example"), listOf("carol@goal.example"))
        same(listOf(listOf("bob@goal.example", "carol@goal.example")), staff.queries.map { it.addresses })
        same(listOf(false, true), encryption.messages.map { it.hidden })
        yes("in confidence" in decrypt(encryption.messages[1].mail, "carol")!!, "Carol reads hers")
        same(listOf(2, 2), listOf("lent-used", "lent-discarded").map { name -> recorder.names().count { it == name } })
        same(listOf(), engine.entries(null))
    }

    test("nobody has one") {
        val engine = engine(STAFF).withStore(MemoryStore()).withDirectory("staff", ScriptedDirectory { DirectoryReply.NotFound })
        val unsealed = unsealedBy { encrypt(engine, listOf("bob@goal.example")) }
        same("no-certificate" to Fault.REFUSED, unsealed.failure.name to unsealed.failure.fault)
        same(listOf(RecipientOutcome.NOT_FOUND), unsealed.recipients.map { it.outcome })
        yes("bob" !in unsealed.message, unsealed.message)
    }

    test("time is over before anybody is asked") {
        val engine = engine(STAFF).withStore(MemoryStore()).withDirectory("staff", ScriptedDirectory { throw AssertionError("asked") })
        same(Fault.UNAVAILABLE, unsealedBy { encrypt(engine, listOf("bob@goal.example"), context = EncryptContext(timeoutMs = 0UL)) }.failure.fault)
    }

    test("an import, step by step") {
        val store = MemoryStore()
        val operation = engine("import = true").importOperation(pki("alice.eml"), ImportContext())
        while (true) {
            when (val step = operation.poll()) {
                is ImportStep.Ask -> operation.handle(step.question, when (val asked = step.question.asked()) {
                    is Asked.FindStored -> Answer.Entries(store.find(asked.query))
                    is Asked.PutStored -> Answer.Put(store.put(asked.query))
                    else -> throw AssertionError("$asked")
                })
                is ImportStep.Wait -> throw AssertionError("it waits for nothing")
                is ImportStep.Done -> { same(ImportOutcome.IMPORTED, step.report.outcome); break }
            }
        }
        same("polled-while-finished", failureOf { operation.poll() }.name)
        same(listOf("alice@goal.example"), store.entries("default").map { it.address })
    }

    test("an encryption, step by step") {
        val operation = engine(STAFF).encryptOperation(pki("plain.eml"), listOf("bob@goal.example"), listOf(), EncryptContext())
        val find = (operation.poll() as EncryptStep.Ask).question
        yes(operation.poll() is EncryptStep.Wait, "it waits")
        operation.handle(find, absent((find.asked() as Asked.FindStored).query))
        val resolve = (operation.poll() as EncryptStep.Ask).question
        same(ResolveDirectory("default", "staff", listOf("bob@goal.example")), (resolve.asked() as Asked.ResolveDirectory).query)
        operation.handle(resolve, Answer.Replies(listOf(lends("bob"))))
        val done = operation.poll() as EncryptStep.Done
        yes("in confidence" in decrypt(done.encryption.messages.single().mail, "bob")!!, "Bob reads it")
        same(listOf("staff"), operation.recipients().single().found.map { it.source })
    }

    test("misuse") {
        val engine = engine("import = true")
        val (first, second) = List(2) { engine.importOperation(pki("alice.eml"), ImportContext()) }
        val (ours, theirs) = listOf(first, second).map { (it.poll() as ImportStep.Ask).question }
        val unavailable = Answer.Unavailable("down\nbecause")
        same("answer-kind", failureOf { first.handle(ours, Answer.Body(ByteArray(0))) }.name)
        same("foreign-answer", failureOf { first.handle(theirs, unavailable) }.name)
        first.handle(ours, unavailable)
        same("question-answered", failureOf { first.handle(ours, unavailable) }.name)
        val report = (first.poll() as ImportStep.Done).report
        same(ImportOutcome.DEFERRED to "down", report.outcome to report.unavailable)
        same("polled-while-finished", failureOf { first.poll() }.name)
    }

    test("a tracer inside the call is told that the object is in use") {
        val failures = ArrayList<String>()
        lateinit var operation: ImportOperation
        val tracer = object : Tracer {
            override fun event(event: Event) {
                failures += failureOf { operation.poll() }.name
            }
        }
        operation = engine("import = true").withTracer(tracer).importOperation(pki("plain.eml"), ImportContext())
        operation.poll()
        same(listOf("handle-in-use"), failures)
    }
}
