# frozen_string_literal: true

# A transcript in its flat form (scripts/flatten-transcripts.py) and its player: the engine is driven turn by turn, and has to say
# what the transcript says.
class Transcript
  ESCAPES = { '\\\\' => '\\', '\\t' => "\t", '\\n' => "\n", '\\r' => "\r" }.freeze

  def self.read(path)
    tree = {}
    File.read(path, encoding: 'UTF-8').each_line(chomp: true) do |line|
      key, value = line.split("\t", 2)
      *way, last = key.split('.')
      place = way.inject(tree) { |inner, name| inner[name] ||= {} }
      place[last] = value.gsub(/\\[\\tnr]/, ESCAPES)
    end
    lists(tree)
  end

  def self.lists(value)
    return value unless value.is_a?(Hash)

    count = value.delete('#')
    return value.transform_values { |member| lists(member) } unless count

    Array.new(Integer(count)) { |index| lists(value.fetch(index.to_s)) }
  end

  def initialize(path, folder)
    @script = self.class.read(path)
    @folder = folder
    @questions = {}
    @recorder = Recorder.new
  end

  # [what the transcript says, what the engine said]
  def play
    begin
      @operation = start(@recorder)
      @script.fetch('turn', []).each { |turn| turn(turn) }
      @outcome ||= finish
    rescue P::EngineError::Failed => e
      @outcome = { 'error' => error(e.failure) }
    rescue P::EngineError::Unsealed => e
      @outcome = unsealed(e, [])
    end
    expected = { 'outcome' => @script['outcome'], 'event' => @script.fetch('event', []) }
    [expected, texts('outcome' => @outcome, 'event' => events)]
  end

  private

  def start(tracer)
    engine = P::Engine.from_configuration(@script['configuration'], @folder).with_tracer(tracer)
    context = { now: Integer(@script['now']), tenant: @script['tenant'], route: @script['route'], ocsp_nonce: [@script['ocsp_nonce']].pack('H*') }
    context.delete(:ocsp_nonce) unless @script['ocsp_nonce']
    mail = base64(@script['mail'])
    if @script['operation'] == 'import'
      return engine.import_operation(mail, P::ImportContext.new(**context, dry_run: @script['dry_run'] == 'true'))
    end

    visible, hidden = %w[visible hidden].map { |key| @script.fetch(key, []) }
    engine.encrypt_operation(mail, visible, hidden, P::EncryptContext.new(**context))
  end

  def turn(turn)
    if turn['ask']
      step = @operation.poll
      raise "a question was expected: #{step.inspect}" unless step.ask?

      @questions[(@questions.length + 1).to_s] = step.question
      same('ask', turn['ask'], asked(step.question.asked).merge('number' => @questions.length))
    elsif turn['wait']
      step = @operation.poll
      raise "it should wait: #{step.inspect}" unless step.wait?
    elsif turn['answer']
      @operation.handle(@questions.fetch(turn['answer']['to']), answer(turn['answer']))
    else
      misuse(turn['misuse'])
    end
  end

  def misuse(misuse)
    down = P::Answer::UNAVAILABLE.new(reason: 'of another operation')
    question = @questions[misuse['to']]
    failure = failed do
      case misuse['kind']
      when 'foreign-answer' then @operation.handle(start(Recorder.new).poll.question, down)
      when 'answer-twice' then @operation.handle(question, down)
      when 'answer-kind' then @operation.handle(question, wrong_kind(question))
      when 'poll-after-done'
        @outcome = finish
        @operation.poll
      else raise "unknown misuse #{misuse['kind']}"
      end
    end
    same('misuse', misuse.slice('code', 'number', 'fault'), error(failure))
  end

  def wrong_kind(question)
    asked = question.asked
    fetch = asked.fetch_crl? || asked.fetch_ocsp? || asked.fetch_issuer?
    fetch ? P::Answer::PUT.new(outcome: P::PutOutcome::STORED.new) : P::Answer::BODY.new(octets: '')
  end

  def failed
    yield
    raise 'no error'
  rescue P::EngineError::Failed => e
    e.failure
  end

  def asked(asked)
    query = asked.query
    name = asked.class.name.split('::').last.downcase.tr('_', '-')
    members = query.class.instance_methods(false) & %i[tenant directory address addresses expect at request limit]
    shown = members.to_h { |member| [member.to_s, query.public_send(member)] }
    shown['request'] = [query.request].pack('m0') if asked.fetch_ocsp?
    if asked.put_stored?
      shown['change'] = name_of(P::ChangeKind, query.change.kind)
      shown['fingerprint'] = query.change.fingerprint
    end
    shown.merge('question' => name)
  end

  def answer(answer)
    kind, value = answer.except('to').first
    case kind
    when 'unavailable' then P::Answer::UNAVAILABLE.new(reason: value)
    when 'entries' then P::Answer::ENTRIES.new(entries: value.map { |entry| entry(entry) })
    when 'stored' then P::Answer::PUT.new(outcome: P::PutOutcome::STORED.new)
    when 'conflict' then P::Answer::PUT.new(outcome: P::PutOutcome::CONFLICT.new(entry: entry(value)))
    when 'replies' then P::Answer::REPLIES.new(replies: value.map { |reply| reply(reply) })
    when 'body' then P::Answer::BODY.new(octets: base64(value))
    else raise "unknown answer #{kind}"
    end
  end

  def reply(reply)
    kind, value = reply.first
    case kind
    when 'found' then P::DirectoryReply::FOUND.new(certificates: value.map { |loan| loan(loan) })
    when 'not_found' then P::DirectoryReply::NOT_FOUND.new
    when 'unavailable' then P::DirectoryReply::UNAVAILABLE.new(reason: value)
    else raise "unknown reply #{kind}"
    end
  end

  def loan(loan) = P::LentCertificate.new(**octets(loan), preferred: loan['preferred'] == 'true')

  def entry(entry)
    certs = entry['certs'].map do |cert|
      P::StoredCert.new(**octets(cert), state: P::CertState.const_get(constant(cert['state'])), issuer_key: cert['issuer_key'],
                        source: P::Source.const_get(constant(cert['source'])), imported_at: Integer(cert['imported_at']))
    end
    P::Entry.new(address: entry['address'], version: Integer(entry['version']), certs: certs)
  end

  def octets(table)
    { der: base64(table['der']), issuers: table['issuers'].map { |der| base64(der) },
      capabilities: table['capabilities'] && base64(table['capabilities']), signed_at: table['signed_at'] && Integer(table['signed_at']) }
  end

  def finish
    step = @operation.poll
    raise "the end was expected: #{step.inspect}" unless step.done?

    step.is_a?(P::ImportStep) ? imported(step.report) : encrypted(step.encryption)
  rescue P::EngineError::Unsealed => e
    unsealed(e, @operation.recipients)
  end

  def imported(report)
    shown = %w[message_id address fingerprint not_before not_after unavailable].to_h { |key| [key, report.public_send(key)] }
    shown['outcome'] = name_of(P::ImportOutcome, report.outcome)
    shown['signature'] = name_of(P::Verdict, report.signature)
    shown['path'] = name_of(P::Verdict, report.path)
    shown['candidate'] = report.candidate && name_of(P::CandidateKind, report.candidate)
    shown.merge(error(report.error)).compact
  end

  def encrypted(encryption)
    messages = encryption.messages.map do |message|
      { 'addresses' => message.addresses, 'hidden' => message.hidden, 'content_encryption' => message.content_encryption }
    end
    { 'recipients' => @operation.recipients.map { |report| recipient(report) }, 'messages' => messages,
      'left_out' => encryption.left_out.map(&:address), 'plaintext_allowed' => encryption.plaintext_allowed,
      'is_passed' => encryption.is_passed }
  end

  def unsealed(unsealed, recipients)
    { 'recipients' => recipients.map { |report| recipient(report) }, 'left_out' => unsealed.recipients.map(&:address) }
      .merge(error(unsealed.failure))
  end

  def recipient(report)
    rejected = report.rejected.map do |one|
      { 'source' => one.source, 'fingerprint' => one.fingerprint, 'code' => one.error.name }.compact
    end
    { 'address' => report.address, 'hidden' => report.hidden, 'outcome' => name_of(P::RecipientOutcome, report.outcome),
      'found' => report.found.map { |one| { 'source' => one.source, 'fingerprint' => one.fingerprint } }, 'rejected' => rejected,
      'needs_operator' => report.needs_operator, 'code' => report.error&.name, 'unavailable' => report.unavailable }.compact
  end

  def error(failure)
    return {} unless failure

    { 'code' => failure.name, 'number' => failure.number, 'fault' => name_of(P::Fault, failure.fault), 'offset' => failure.offset }.compact
  end

  def events = @recorder.events.map { |event| JSON.parse(event.details).compact }

  def same(place, expected, got)
    got = texts(got)
    raise "#{place}: expected #{expected}, got #{got}" unless expected == got
  end

  # As the flat form has it: everything is text.
  def texts(value)
    case value
    when Hash then value.transform_values { |member| texts(member) }
    when Array then value.map { |member| texts(member) }
    else value.to_s
    end
  end

  def base64(text) = text.unpack1('m0')
  def constant(name) = name.upcase.tr('-', '_')
end
