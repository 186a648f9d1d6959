# frozen_string_literal: true

require_relative 'helper'

class StepsTest < Minitest::Test
  # Carries out what an operation asks, until it has nothing more to ask; the answers are given in the order of the block.
  def drive(operation, world)
    loop do
      open = []
      while (step = operation.poll).ask?
        open << step.question
      end
      return step if step.done?

      raise 'it waits for nothing' if open.empty?

      open.reverse_each { |question| operation.handle(question, world.call(question.asked)) }
    end
  end

  def absent(query) = query.addresses.map { |address| P::Entry.new(address: address) }

  def world(store, &directory)
    lambda do |asked|
      if asked.find_stored? then P::Answer::ENTRIES.new(entries: store.find(asked.query))
      elsif asked.put_stored? then P::Answer::PUT.new(outcome: store.put(asked.query))
      elsif asked.resolve_directory? then P::Answer::REPLIES.new(replies: asked.query.addresses.map(&directory))
      else flunk asked.inspect
      end
    end
  end

  def test_an_import
    store = MemoryStore.new
    recorder = Recorder.new
    engine = engine('import = true').with_tracer(recorder)
    done = drive(engine.import_operation(pki('alice.eml'), import_context), world(store))
    assert_equal P::ImportOutcome::IMPORTED, done.report.outcome
    assert_equal ['alice@goal.example'], store.entries('default').map(&:address)
    assert_equal 'imported', recorder.names.last
  end

  def test_questions_say_what_is_asked
    operation = engine('import = true').import_operation(pki('alice.eml'), import_context(tenant: 'goal'))
    find = operation.poll.question
    assert_equal ['goal', ['alice@goal.example']], [find.asked.query.tenant, find.asked.query.addresses]
    assert operation.poll.wait?
    refute find.is_answered
    operation.handle(find, P::Answer::ENTRIES.new(entries: absent(find.asked.query)))
    assert find.is_answered
    put = operation.poll.question.asked.query
    assert_equal ['goal', 'alice@goal.example', 0], [put.tenant, put.address, put.expect]
    assert_equal [P::ChangeKind::ACTIVATE, P.read_certificate(pki('alice.der')).fingerprint], [put.change.kind, put.change.fingerprint]
    after = put.change.apply(P::Entry.new(address: put.address))
    assert_equal [1, pki('alice.der')], [after.version, after.certs[0].der]
    assert_equal after, put.change.apply(P::Entry.new(address: put.address))
    assert_equal 332, failure_of { put.change.apply(P::Entry.new(address: 'no address')) }.number
  end

  def test_an_encryption
    engine = engine(STAFF)
    operation = engine.encrypt_operation(pki('plain.eml'), ['bob@goal.example', 'carol@goal.example'], [], encrypt_context)
    assert_empty operation.recipients
    done = drive(operation, world(MemoryStore.new) { |address| lends(address.split('@').first) })
    assert_includes decrypt(done.encryption.messages[0].mail, 'carol'), 'in confidence'
    assert_equal [P::RecipientOutcome::FOUND] * 2, operation.recipients.map(&:outcome)
    assert_equal ['staff'], operation.recipients[0].found.map(&:source)
    assert_equal 103, failure_of { operation.poll }.number
  end

  def test_no_message_is_a_result
    operation = engine(STAFF).encrypt_operation(pki('plain.eml'), ['bob@goal.example'], [], encrypt_context)
    error = assert_raises(P::EngineError::Unsealed) { drive(operation, world(MemoryStore.new) { P::DirectoryReply::NOT_FOUND.new }) }
    assert_equal 482, error.failure.number
    assert_equal [P::RecipientOutcome::NOT_FOUND], operation.recipients.map(&:outcome)
    assert_equal 103, failure_of { operation.poll }.number
  end

  def test_a_mail_that_passes_asks_nothing
    engine = engine("[encrypt]\npass_encrypted = true").with_store(MemoryStore.new)
    inner = engine(STAFF).with_store(MemoryStore.new).with_directory('staff', ScriptedDirectory.new { lends('bob') })
    sealed = inner.encrypt(pki('plain.eml'), ['bob@goal.example'], [], encrypt_context).messages[0].mail
    operation = engine.encrypt_operation(sealed, ['bob@goal.example'], [], encrypt_context)
    assert operation.poll.encryption.is_passed
    assert_equal 103, failure_of { operation.poll }.number
  end

  def test_misuse
    engine = engine('import = true')
    first, second = Array.new(2) { engine.import_operation(pki('alice.eml'), import_context) }
    ours, theirs = [first, second].map { |operation| operation.poll.question }
    unavailable = P::Answer::UNAVAILABLE.new(reason: 'down')

    [P::Answer::BODY.new(octets: ''), P::Answer::REPLIES.new(replies: []), P::Answer::PUT.new(outcome: P::PutOutcome::STORED.new)].each do |answer|
      assert_equal 109, failure_of { first.handle(ours, answer) }.number
    end
    assert_equal 101, failure_of { first.handle(theirs, unavailable) }.number
    first.handle(ours, P::Answer::ENTRIES.new(entries: absent(ours.asked.query)))
    again = failure_of { first.handle(ours, unavailable) }
    assert_equal [108, 'question-answered', P::Fault::API_MISUSE], [again.number, again.name, again.fault]

    put = first.poll.question
    first.handle(put, P::Answer::PUT.new(outcome: P::PutOutcome::STORED.new))
    assert_equal P::ImportOutcome::IMPORTED, first.poll.report.outcome
    assert_equal 103, failure_of { first.poll }.number
    assert_raises(TypeError) { first.handle(nil, unavailable) }
    assert_raises(StandardError) { second.handle(theirs, 7) }
  end

  def test_unavailable_answers_everything
    operation = engine('import = true').import_operation(pki('alice.eml'), import_context)
    operation.handle(operation.poll.question, P::Answer::UNAVAILABLE.new(reason: "db: locked\nbecause"))
    report = operation.poll.report
    assert_equal [P::ImportOutcome::DEFERRED, 'db: locked'], [report.outcome, report.unavailable]
  end

  def test_answers_that_cannot_be_read
    operation = engine('import = true').import_operation(pki('alice.eml'), import_context)
    operation.handle(operation.poll.question, P::Answer::ENTRIES.new(entries: [P::Entry.new(address: 'no address')]))
    assert_equal P::ImportOutcome::DEFERRED, operation.poll.report.outcome
  end

  def test_a_tracer_inside_the_call_is_told_that_the_object_is_in_use
    failures = []
    operation = nil
    tracer = Object.new
    tracer.define_singleton_method(:event) do |_|
      operation.poll
    rescue P::EngineError::Failed => e
      failures << e.failure.name
    end
    operation = engine('import = true').with_tracer(tracer).import_operation(pki('alice.eml'), import_context)
    drive(operation, world(MemoryStore.new))
    assert_equal ['handle-in-use'], failures.uniq
  end

  def test_operations_may_be_left
    recorder = Recorder.new
    engine = engine(STAFF).with_tracer(recorder)
    200.times do
      operation = engine.encrypt_operation(pki('plain.eml'), ['bob@goal.example'], [], encrypt_context)
      find = operation.poll.question
      operation.handle(find, P::Answer::ENTRIES.new(entries: absent(find.asked.query)))
      operation.handle(operation.poll.question, P::Answer::REPLIES.new(replies: [lends('bob')]))
    end
    GC.start
    assert_operator recorder.names.count('lent-discarded'), :<=, 200
  end

  def test_questions_are_not_shown
    question = engine('import = true').import_operation(pki('alice.eml'), import_context).poll.question
    refute_match(/alice/i, question.asked.inspect)
    refute_match(/alice/i, question.inspect)
  end
end
