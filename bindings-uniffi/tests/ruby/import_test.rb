# frozen_string_literal: true

require_relative 'helper'

class ImportTest < Minitest::Test
  def test_a_signed_mail_is_learned_once
    store = MemoryStore.new
    recorder = Recorder.new
    engine = engine('import = true').with_store(store).with_tracer(recorder)
    report = engine.import_mail(pki('alice.eml'), import_context)
    assert_equal P::ImportOutcome::IMPORTED, report.outcome
    assert_equal 'alice@goal.example', report.address
    assert_equal P::Verdict::VALID, report.signature
    assert_equal P::Verdict::VALID, report.path
    assert_equal P::CandidateKind::SIGNER, report.candidate
    assert_nil report.error
    facts = P.read_certificate(pki('alice.der'))
    assert_equal [facts.fingerprint, facts.not_before, facts.not_after], [report.fingerprint, report.not_before, report.not_after]
    assert_includes facts.subject, 'alice'
    assert_equal P::ImportOutcome::ALREADY_KNOWN, engine.import_mail(pki('alice.eml'), import_context).outcome
    assert_equal %w[signature-verified path-verified revocation-unknown imported], recorder.names.first(4)

    entry, = engine.entries(nil)
    assert_equal [1, pki('alice.der')], [entry.version, entry.certs[0].der]
    assert_equal P::CertState::ACTIVE, entry.certs[0].state
    assert_equal P::Source::SIGNED_MAIL, entry.certs[0].source
    assert_empty engine.entries('another')
  end

  def test_events_are_the_json_lines
    recorder = Recorder.new
    engine = engine('import = true').with_store(MemoryStore.new).with_tracer(recorder)
    engine.import_mail(example('alice-detached.eml'), import_context(now: JUNE, route: 'in'))
    event = recorder.events.last
    line = JSON.parse(event.details)
    assert_equal 'refused', event.name # its root is not one of ours
    assert_equal [JUNE, 'default', 'in'], [event.at, event.tenant, event.route]
    assert_equal ['refused', '2026-06-01T00:00:00Z', event.message_id, 610], line.values_at('event', 'at', 'message_id', 'number')
  end

  def test_refusals_have_their_code
    engine = P::Engine.from_configuration("trust = [\"anchors.pem\"]\nimport = true", File.join(ROOT, 'examples/mail'))
    engine = engine.with_store(MemoryStore.new)
    outcome = lambda do |file|
      report = engine.import_mail(example(file), import_context(now: JUNE))
      [name_of(P::ImportOutcome, report.outcome), report.error&.name, report.error&.number]
    end
    assert_equal ['imported', nil, nil], outcome['alice-detached.eml']
    assert_equal ['refused', 'address-mismatch', 461], outcome['eve-wrong-from.eml']
    assert_equal ['refused', 'digest-mismatch', 602], outcome['tampered-body.eml']
  end

  def test_the_configured_store_is_used_and_dry_run_changes_nothing
    Dir.mktmpdir do |folder|
      File.write(File.join(folder, 'postseal.toml'),
                 "trust = [\"#{PKI}/anchors.pem\"]\nimport = true\nstore = \"sqlite:certs.db\"\ntrace = \"trace.jsonl\"\n")
      engine = P::Engine.from_file(File.join(folder, 'postseal.toml'))
      assert_equal P::ImportOutcome::IMPORTED, engine.import_mail(pki('alice.eml'), import_context(dry_run: true)).outcome
      assert_empty engine.entries(nil)
      assert_equal P::ImportOutcome::IMPORTED, engine.import_mail(pki('alice.eml'), import_context).outcome
      assert_equal ['alice@goal.example'], engine.entries(nil).map(&:address)
      assert_includes File.read(File.join(folder, 'trace.jsonl')), '"event":"imported"'
    end
  end

  def test_an_operator_decides
    recorder = Recorder.new
    engine = engine('import = true').with_store(MemoryStore.new).with_tracer(recorder)
    fingerprint = engine.import_mail(pki('alice.eml'), import_context).fingerprint
    seen, = engine.entries(nil)
    engine.decide(nil, seen, fingerprint, P::Decision::REJECT, 'root')
    assert_equal [P::CertState::REJECTED], engine.entries(nil)[0].certs.map(&:state)
    assert_equal 'root', JSON.parse(recorder.events.last.details)['by']
    assert_equal 491, engine.import_mail(pki('alice.eml'), import_context).error.number
    assert_equal 502, failure_of { engine.decide(nil, seen, fingerprint, P::Decision::PIN, 'root') }.number
    assert_equal 482, failure_of { engine.decide(nil, seen, '00' * 32, P::Decision::PIN, 'root') }.number
    assert_equal 104, failure_of { engine.decide(nil, seen, 'zz', P::Decision::PIN, 'root') }.number
  end

  def test_routes_that_do_not_import
    engine = engine("import = true\n[tenants.goal]\nimport = false").with_store(MemoryStore.new)
    assert_equal P::ImportOutcome::NOT_ACTIVE, engine.import_mail(pki('alice.eml'), import_context(tenant: 'goal')).outcome
    assert_equal P::ImportOutcome::NOT_SIGNED, engine.import_mail(pki('plain.eml'), import_context).outcome
  end

  def test_any_bytes_are_a_mail
    engine = engine('import = true').with_store(MemoryStore.new)
    ['', "\0" * 100, 'x' * 5000, "\xff\xfe".b, Random.new(1).bytes(2000)].each do |octets|
      report = engine.import_mail(octets, import_context)
      assert_includes [P::ImportOutcome::NOT_SIGNED, P::ImportOutcome::REFUSED], report.outcome
    end
  end

  def test_calls_that_cannot_be
    assert_equal 107, failure_of { engine('import = true').import_mail(pki('alice.eml'), import_context) }.number
    assert_equal 114, failure_of { engine.import_operation('x', import_context(ocsp_nonce: 'short')) }.number
    error = assert_raises(P::EngineError::Failed) { engine("import = true\nimprot = true") }
    assert_equal [112, P::Fault::API_MISUSE], [error.failure.number, error.failure.fault]
    assert_match(/:3: unknown field `improt`/, error.detail)
    assert_equal 112, failure_of { P::Engine.from_file('/no/such/file.toml') }.number
    assert_raises(TypeError) { engine.import_mail(7, import_context) }
    assert_raises(TypeError) { engine.with_store(nil) }
  end

  def test_every_code
    codes = P.codes
    assert_operator codes.length, :>, 150
    assert_equal codes.map(&:number).sort, codes.map(&:number)
    internal = codes.find { |code| code.name == 'internal-error' }
    assert_equal [508, P::Fault::UNAVAILABLE], [internal.number, internal.fault]
    assert(codes.all? { |code| code.sentence.end_with?('.') && code.offset.nil? })
  end

  def test_one_engine_in_many_threads
    store = MemoryStore.new
    engine = engine('import = true').with_store(store)
    threads = Array.new(4) { Thread.new { Array.new(5) { engine.import_mail(pki('alice.eml'), import_context).outcome } } }
    outcomes = threads.flat_map(&:value).tally
    assert_equal({ P::ImportOutcome::IMPORTED => 1, P::ImportOutcome::ALREADY_KNOWN => 19 }, outcomes)
    assert_equal 1, engine.entries(nil)[0].version
  end

  def test_nothing_private_is_shown
    recorder = Recorder.new
    engine = engine('import = true').with_store(MemoryStore.new).with_tracer(recorder)
    report = engine.import_mail(pki('alice.eml'), import_context)
    shown = [report, engine.entries(nil), recorder.events, engine, P::FindStored.new(tenant: 'default', addresses: ['alice@goal.example'])]
    shown.each { |object| refute_match(/alice/i, object.inspect) }
    shown.each { |object| refute_match(/alice/i, object.to_s) }
    refute_includes engine.entries(nil).inspect.b, pki('alice.der')[100, 40]
  end

  def test_what_a_store_keeps_goes_in_again
    store = MemoryStore.new
    engine = engine('import = true').with_store(store)
    engine.import_mail(pki('alice.eml'), import_context)
    entry, = store.entries('default')
    other = MemoryStore.new
    other.define_singleton_method(:find) { |_| [entry] }
    assert_equal P::ImportOutcome::ALREADY_KNOWN, engine.with_store(other).import_mail(pki('alice.eml'), import_context).outcome
    assert_equal entry, store.entries('default')[0]
  end

  def test_spellings_of_a_mailbox
    assert_equal P.address_key('alice@goal.example'), P.address_key('Alice@GOAL.example')
    assert_equal 332, failure_of { P.address_key('nobody') }.number
  end
end
