# frozen_string_literal: true

require_relative 'helper'

class EncryptTest < Minitest::Test
  def encrypt(engine, visible, hidden = [], **context)
    engine.encrypt(pki('plain.eml'), visible, hidden, encrypt_context(**context))
  end

  def test_for_who_was_learned
    engine = engine('import = true').with_store(MemoryStore.new)
    engine.import_mail(pki('alice.eml'), import_context)
    encryption = encrypt(engine, ['Alice@goal.example'])
    message, = encryption.messages
    assert_equal [['Alice@goal.example'], false, 'aes256-cbc'], [message.addresses, message.hidden, message.content_encryption]
    assert_includes decrypt(message.mail, 'alice'), 'in confidence'
    assert_raises(RuntimeError) { decrypt(message.mail, 'bob') }
    refute_includes message.mail, 'in confidence'
    assert_equal [[], false, false], [encryption.left_out, encryption.plaintext_allowed, encryption.is_passed]
    refute_match(/alice|confidence/i, encryption.inspect)
  end

  def test_for_whom_a_directory_lends
    staff = ScriptedDirectory.new { |address| lends(address.split('@').first) }
    recorder = Recorder.new
    engine = engine(STAFF).with_store(MemoryStore.new).with_directory('staff', staff).with_tracer(recorder)
    encryption = encrypt(engine, ['bob@goal.example'], ['carol@goal.example'])
    assert_equal [['bob@goal.example', 'carol@goal.example']], staff.queries.map(&:addresses)
    assert_equal [false, true], encryption.messages.map(&:hidden)
    assert_includes decrypt(encryption.messages[0].mail, 'bob'), 'in confidence'
    assert_includes decrypt(encryption.messages[1].mail, 'carol'), 'in confidence'
    assert_raises(RuntimeError) { decrypt(encryption.messages[0].mail, 'carol') }
    assert_equal 2, recorder.names.count('lent-used')
    assert_equal 2, recorder.names.count('lent-discarded')
    assert_empty engine.entries(nil)
  end

  def test_a_lent_certificate_is_not_shown_and_comes_out_of_nothing
    lent = lends('bob')
    refute_includes lent.certificates[0].inspect.b, pki('bob.der')[100, 20]
    assert_equal 'LentCertificate(..)', lent.certificates[0].inspect
    assert_equal 'Answer::Replies(..)', P::Answer::REPLIES.new(replies: [lent]).inspect
    # No method of the engine's own objects gives one.
    [P::Engine, P::EncryptOperation, P::ImportOperation, P::Question, P::Change].each do |type|
      refute(type.instance_methods(false).any? { |method| method.to_s.match?(/lent|lend|transient/) })
    end
    members = [P::Encryption, P::SealedMail, P::RecipientReport, P::Found, P::Rejected, P::Event, P::ImportReport]
    members.each { |type| refute_includes type.instance_methods(false), :der }
  end

  def test_nobody_has_one
    staff = ScriptedDirectory.new { P::DirectoryReply::NOT_FOUND.new }
    engine = engine(STAFF).with_store(MemoryStore.new).with_directory('staff', staff)
    error = assert_raises(P::EngineError::Unsealed) { encrypt(engine, ['bob@goal.example', 'carol@goal.example']) }
    assert_equal [482, P::Fault::REFUSED], [error.failure.number, error.failure.fault]
    assert_equal ['bob@goal.example', 'carol@goal.example'], error.recipients.map(&:address)
    assert_equal [P::RecipientOutcome::NOT_FOUND] * 2, error.recipients.map(&:outcome)
    assert(error.recipients.all?(&:may_get_plaintext))
    refute_match(/bob/, error.message)
  end

  def test_for_those_who_can_be_reached
    staff = ScriptedDirectory.new { |address| address.start_with?('bob') ? lends('bob') : P::DirectoryReply::NOT_FOUND.new }
    engine = engine("#{STAFF}[encrypt]\nmode = \"if-possible\"").with_store(MemoryStore.new).with_directory('staff', staff)
    encryption = encrypt(engine, ['bob@goal.example', 'eve@goal.example'])
    assert_equal [['bob@goal.example']], encryption.messages.map(&:addresses)
    assert_equal ['eve@goal.example'], encryption.left_out.map(&:address)
    assert encryption.plaintext_allowed
  end

  def test_what_is_not_right_of_a_certificate_is_said
    staff = ScriptedDirectory.new { lends('alice') }
    engine = engine(STAFF).with_store(MemoryStore.new).with_directory('staff', staff)
    error = assert_raises(P::EngineError::Unsealed) { encrypt(engine, ['bob@goal.example']) }
    rejected, = error.recipients[0].rejected
    assert_equal ['staff', P.read_certificate(pki('alice.der')).fingerprint, 461],
                 [rejected.source, rejected.fingerprint, rejected.error.number]
  end

  def test_calls_that_cannot_be
    engine = engine('').with_store(MemoryStore.new)
    assert_equal 332, failure_of { encrypt(engine, ['no address']) }.number
    assert_equal 464, failure_of { encrypt(engine, []) }.number
    assert_equal 465, failure_of { encrypt(engine, ['bob@goal.example'], ['Bob@goal.example']) }.number
    assert_equal 107, failure_of { encrypt(P::Engine.from_configuration('', ''), ['bob@goal.example']) }.number
    sealed = "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\n"
    assert_equal 407, failure_of { engine.encrypt(sealed, ['bob@goal.example'], [], encrypt_context) }.number
  end

  def test_time_is_over_before_anybody_is_asked
    staff = ScriptedDirectory.new { flunk 'asked' }
    engine = engine(STAFF).with_store(MemoryStore.new).with_directory('staff', staff)
    error = assert_raises(P::EngineError::Unsealed) { encrypt(engine, ['bob@goal.example'], timeout_ms: 0) }
    assert_equal P::Fault::UNAVAILABLE, error.failure.fault
    assert_equal P::ImportOutcome::DEFERRED, engine.import_mail(pki('alice.eml'), import_context(timeout_ms: 0)).outcome
  end
end
