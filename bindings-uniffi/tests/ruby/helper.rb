# frozen_string_literal: true

require 'json'
require 'minitest/autorun'
require 'open3'
require 'tempfile'
require 'tmpdir'
require 'postseal_ruby'

P = Postseal
ROOT = File.expand_path('../../..', __dir__)
PKI = ENV.fetch('POSTSEAL_TEST_PKI')
JUNE = 1_780_272_000 # 2026-06-01, when the mails of examples/mail are valid

def read(path) = File.binread(path)
def pki(name) = read(File.join(PKI, name))
def example(name) = read(File.join(ROOT, 'examples/mail', name))

def name_of(enum, value) = P.name_of(enum, value)

# A store in memory, by the rules of the trait.
class MemoryStore
  attr_reader :threads

  def initialize
    @kept = {}
    @lock = Mutex.new
    @threads = []
  end

  def find(query)
    @threads << Thread.current
    query.addresses.map { |address| at(query.tenant, address) || P::Entry.new(address: address) }
  end

  def put(query)
    @lock.synchronize do
      entry = at(query.tenant, query.address) || P::Entry.new(address: query.address)
      return P::PutOutcome::CONFLICT.new(entry: entry) if entry.version != query.expect

      @kept[[query.tenant, P.address_key(query.address)]] = query.change.apply(entry)
      P::PutOutcome::STORED.new
    end
  end

  def entries(tenant)
    @kept.select { |(owner, _), _| owner == tenant }.sort_by { |(_, key), _| key }.map(&:last)
  end

  private

  def at(tenant, address) = @kept[[tenant, P.address_key(address)]]
end

class Recorder
  attr_reader :events

  def initialize = @events = []
  def event(event) = @events << event
  def names = @events.map(&:name)
end

# A directory whose answers are a block's.
class ScriptedDirectory
  attr_reader :queries

  def initialize(&answer)
    @answer = answer
    @queries = []
  end

  def resolve(query)
    @queries << query
    query.addresses.map { |address| @answer.call(address) }
  end
end

def lends(*names, **also)
  certificates = names.map { |name| P::LentCertificate.new(der: pki("#{name}.der"), **also) }
  P::DirectoryReply::FOUND.new(certificates: certificates)
end

def engine(configuration = '', folder: PKI)
  P::Engine.from_configuration("trust = [\"anchors.pem\"]\n#{configuration}", folder)
end

STAFF = "import = true\ndirectories = [\"staff\"]\n[directory.staff]\nkind = \"host\"\n"

def import_context(**also) = P::ImportContext.new(**also)
def encrypt_context(**also) = P::EncryptContext.new(**also)

# What OpenSSL reads with the key of `name`.
def decrypt(mail, name)
  Tempfile.create('sealed') do |file|
    file.binmode
    file.write(mail)
    file.flush
    key = File.join(PKI, "#{name}.key")
    out, error, status = Open3.capture3('openssl', 'cms', '-decrypt', '-in', file.path, '-inkey', key, binmode: true)
    raise error unless status.success?

    out
  end
end

def failure_of
  yield
  flunk 'nothing was raised'
rescue P::EngineError::Failed, P::EngineError::Unsealed => e
  e.failure
end
