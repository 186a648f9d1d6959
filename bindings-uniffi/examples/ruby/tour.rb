# frozen_string_literal: true

# Every function once, in the order in which a host meets them. `gateway.rb` beside it is a whole program.
#
#     ruby -I ruby -I GENERATED examples/ruby/tour.rb FOLDER      (examples/mail of the repository)

require 'postseal_ruby'
require 'tmpdir'

include Postseal # rubocop:disable Style/MixinUsage

folder = File.expand_path(ARGV.fetch(0))
alice = File.binread(File.join(folder, 'alice-detached.eml'))
plain = "Subject: plans\r\n\r\nin confidence\r\n"

# ---- codes ----

internal = Postseal.codes.find { |code| code.number == 508 }
puts "#{internal.number} #{internal.name}: #{internal.sentence}"

# ---- an engine, by a text or a file ----

TOML = <<~TOML
  trust = ["#{File.join(folder, 'anchors.pem')}"]
  import = true
  store = "sqlite:certs.db"
  directories = ["staff"]
  [directory.staff]
  kind = "host"
  [encrypt]
  mode = "if-possible"
TOML

Dir.mktmpdir do |place|
  File.write(File.join(place, 'postseal.toml'), TOML)
  engine = Engine.from_file(File.join(place, 'postseal.toml'))
  engine = Engine.from_configuration(TOML, place) if engine.entries(nil).empty?

  # ---- what the host brings itself ----

  class Ears
    def event(event) = puts("  #{event.name}: #{event.details}")
  end

  # Fetches nothing. A real one asks over HTTP, for at most `query.limit` octets.
  class Offline
    def fetch_crl(query) = raise(HostError::Unavailable.new(reason: "no network for #{query.at}"))
    def fetch_ocsp(query) = raise(HostError::Unavailable.new(reason: "no network for #{query.at}"))
    def fetch_issuer(query) = raise(HostError::Unavailable.new(reason: "no network for #{query.at}"))
  end

  class Nobody
    def resolve(query) = query.addresses.map { DirectoryReply::NOT_FOUND.new }
  end

  engine = engine.with_tracer(Ears.new).with_fetcher(Offline.new).with_directory('staff', Nobody.new)

  # ---- one call for a mail that comes in, one for a mail that goes out ----

  report = engine.import_mail(alice, ImportContext.new(route: 'inbound', timeout_ms: 5000))
  sealed = engine.encrypt(plain, [report.address], ['carol@goal.example'], EncryptContext.new)
  puts "#{sealed.messages.length} message, left out: #{sealed.left_out.length}, plaintext: #{sealed.plaintext_allowed}"

  # ---- what is stored, and an operator's word about it ----

  entry, = engine.entries('default')
  facts = Postseal.read_certificate(entry.certs[0].der)
  puts "#{entry.address}: #{facts.subject} until #{Time.at(facts.not_after).utc}"
  engine.decide(nil, entry, facts.fingerprint, Decision::PIN, 'admin')

  # ---- step by step: the host carries out the questions ----

  kept = Hash.new { |entries, key| entries[key] = Entry.new(address: key) }
  answer = lambda do |asked|
    query = asked.query
    if asked.find_stored?
      Answer::ENTRIES.new(entries: query.addresses.map { |address| kept[Postseal.address_key(address)] })
    elsif asked.put_stored?
      puts "  #{Postseal.name_of(ChangeKind, query.change.kind)} #{query.address}: #{query.change.fingerprint[0, 12]}"
      kept[Postseal.address_key(query.address)] = query.change.apply(kept[Postseal.address_key(query.address)])
      Answer::PUT.new(outcome: PutOutcome::STORED.new)
    elsif asked.resolve_directory?
      Answer::REPLIES.new(replies: query.addresses.map { DirectoryReply::NOT_FOUND.new })
    else
      Answer::UNAVAILABLE.new(reason: 'no network')
    end
  end
  run = lambda do |operation|
    loop do
      step = operation.poll
      break step if step.done?

      operation.handle(step.question, answer.call(step.question.asked))
      raise 'it was answered' unless step.question.is_answered
    end
  end
  report = run.call(engine.import_operation(alice, ImportContext.new)).report
  puts Postseal.name_of(ImportOutcome, report.outcome)
  operation = engine.encrypt_operation(plain, [report.address], [], EncryptContext.new)
  run.call(operation)
  operation.recipients.each { |recipient| puts Postseal.name_of(RecipientOutcome, recipient.outcome) }

  # ---- without blocking: objects of the host that take their time, all asked at once ----

  # The same methods; each runs in a thread of its own.
  class Remembered
    def initialize(kept) = @kept = kept
    def find(query) = query.addresses.map { |address| @kept[Postseal.address_key(address)] }
    def put(_) = PutOutcome::STORED.new
    def entries(_) = @kept.values
  end

  slow = engine.with_async_store(Remembered.new(kept)).with_async_directory('staff', Nobody.new).with_async_fetcher(Offline.new)
  puts Postseal.name_of(ImportOutcome, slow.import_mail_async(alice, ImportContext.new).outcome)
  puts slow.encrypt_async(plain, [report.address], [], EncryptContext.new).messages.length

  # A store of the host's own for the calls that block.
  puts engine.with_store(Remembered.new(kept)).entries(nil).length
end
