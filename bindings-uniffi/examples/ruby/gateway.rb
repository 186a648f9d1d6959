# frozen_string_literal: true

# A mail gateway in small: it learns from a signed mail, and encrypts to whom it learned and to whom a directory knows.
#
#     ruby -I ruby -I GENERATED examples/ruby/gateway.rb FOLDER
#
# FOLDER has `anchors.pem`, `alice-detached.eml` and `bob-opaque-ber.eml`: `examples/mail` of the repository.

require 'postseal_ruby'

# A store: it compares versions and lets the change decide. A real one has a lock and a transaction around `put`.
class Store
  def initialize
    @entries = {}
    @lock = Mutex.new
  end

  def find(query)
    query.addresses.map { |address| at(query.tenant, address) }
  end

  def put(query)
    @lock.synchronize do
      entry = at(query.tenant, query.address)
      return Postseal::PutOutcome::CONFLICT.new(entry: entry) if entry.version != query.expect

      @entries[[query.tenant, Postseal.address_key(query.address)]] = query.change.apply(entry)
      Postseal::PutOutcome::STORED.new
    end
  end

  def entries(tenant)
    @entries.select { |(owner, _), _| owner == tenant }.sort.map(&:last)
  end

  private

  def at(tenant, address)
    @entries.fetch([tenant, Postseal.address_key(address)]) { Postseal::Entry.new(address: address) }
  end
end

# A directory: it lends what it has, and the engine judges it. "Nobody" and "I cannot say" are different answers.
class Directory
  def initialize(certificates)
    @certificates = certificates # by address
  end

  def resolve(query)
    raise Postseal::HostError::Unavailable.new(reason: 'directory: not loaded') if @certificates.empty?

    query.addresses.map do |address|
      known = @certificates[Postseal.address_key(address)]
      next Postseal::DirectoryReply::NOT_FOUND.new unless known

      lent = Postseal::LentCertificate.new(der: known.der, issuers: known.issuers)
      Postseal::DirectoryReply::FOUND.new(certificates: [lent])
    end
  end
end

folder = ARGV.fetch(0)
configuration = <<~TOML
  trust = ["anchors.pem"]
  import = true
  directories = ["staff"]
  [directory.staff]
  kind = "host"
TOML
engine = Postseal::Engine.from_configuration(configuration, folder).with_store(Store.new)

# A signed mail comes in. The octets are as they were received: what parses and writes a mail again breaks its signature.
report = engine.import_mail(File.binread(File.join(folder, 'alice-detached.eml')), Postseal::ImportContext.new)
raise report.error.sentence if report.error

puts "learned #{report.address} #{report.fingerprint[0, 12]}"

# Whom the directory knows; here another gateway learned it.
elsewhere = Postseal::Engine.from_configuration(configuration, folder).with_store(Store.new)
elsewhere.import_mail(File.binread(File.join(folder, 'bob-opaque-ber.eml')), Postseal::ImportContext.new)
known = elsewhere.entries(nil).to_h { |entry| [Postseal.address_key(entry.address), entry.certs.last] }
engine = engine.with_directory('staff', Directory.new(known))

# A mail goes out.
mail = "From: office@goal.example\r\nSubject: plans\r\n\r\nin confidence\r\n"
encryption = engine.encrypt(mail, ['alice@goal.example', 'bob@goal.example'], [], Postseal::EncryptContext.new)
encryption.messages.each do |message|
  puts "sealed for #{message.addresses.join(', ')} with #{message.content_encryption}: #{message.mail.bytesize} octets"
end

# Nobody knows Carol: no message, and the reason for each recipient.
begin
  engine.encrypt(mail, ['carol@goal.example'], [], Postseal::EncryptContext.new)
rescue Postseal::EngineError::Unsealed => e
  temporary = e.failure.fault == Postseal::Fault::UNAVAILABLE
  puts "#{temporary ? 451 : 554} #{e.recipients[0].address}: #{e.failure.sentence}"
end
