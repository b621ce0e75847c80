/**
 * Words that passwords are made of, in the order of the alphabet: the commonest ones of leaked lists, names, teams, and what
 * is near at hand in Korea. The most indecent ones are left out: they fall to their parts.
 */

/** In Latin letters, lower case. */
export const LATIN_WORDS: readonly string[] = `
  a123456 aa123456 aardvark abc123 aberdeen abnormal abrakadabra absolutely access ace achilles admin admin123
  administrator adrenalin adrienne africa agent air airborne airforce airplane alejandro aleksandr aleksandra
  alessandro alex alexander alexandr alexandra alexandre all alleycat alliance almighty amanda amateurs amazing amber
  ambrosia america american amsterdam anaconda anastasia anastasiya andersen anderson andrea andrew android andromeda
  angel angela angelica angelika angelina angry anhyeuem annmarie annyeong antelope anthony antonina antonio anything
  apollo apple applepie apples april aquarius argentina arkansas armagedon arsenal asd123 asdf ashleigh ashley
  aspirine ass assassin asshole atlantic atlantis attitude audi august augustus austin australia autumn avalanche
  aviation awesome azerty baby babyblue babyboy babydoll babyface babygirl backdoor bad bailey ball balloons banana
  bandit barbados barbara barbie barcelona barefoot baritone barselona baseball basketball bastard bat batman bay
  bcfields bear bearcats beatles beatrice beautiful beefcake beer benessere benjamin bergkamp berkeley best bestfriend
  big bigblock bigdaddy bigmoney bigpoppa bike billy billybob billyboy bird birthday bismillah bitch black blackcat
  blackdog blackjack blackman blackout blessed blessing blink182 bliss blizzard blond blood blowfish blue bluebell
  bluebird blueeyes bluefish bluejays bluemoon bluesman bmw bob bobafett bobby bobdylan body bollocks bonehead book
  bookworm bordeaux borussia boss boston boy boys bradford brandon brazil brewster brighton brigitte brittany brittney
  broadway brooklyn brother brothers browning brucelee buckeyes buckshot budapest buddyboy budlight budweiser bug
  bulldog bulldogs bullfrog bullseye bullshit bunny bus busan business buster butterfly butthead cabernet cadillac
  caliente california caligula calimero callaway callisto camaross cambiami camera campbell canada canadian candy
  candyman capetown capricorn capslock captain car cardinal carebear carlitos carlos carnival carolina caroline
  casanova cash castillo cat catalina catherine catwoman cavalier cerberus cfitymrf chainsaw chambers champion
  chandler change changeme chargers charlene charles charlie charlotte charlton checkers cheese chelsea chemical
  cherokee cherries cherry cheshire chestnut chevelle chevrolet cheyenne chicago chicken chickens chief child children
  china chipmunk chiquita chocolate chris christ christian christie christina christine christmas christopher chrysler
  chuckles cinderella cinnamon cisco city cjkysirj clarence clarinet clarissa classics claudia claymore cleopatra
  clifford clippers club cocacola code coffee cold coldbeer coldplay colombia colorado coltrane columbia columbus
  comanche commando complete computer concorde concrete confused consumer cookie cookies cool cooldude coolness cooper
  corleone cornwall corvette costello cosworth counterstrike courtney coventry cow cowboys crawford crazy crazybab
  creation creative creature criminal cristina cromwell crow crusader crystal customer cutie cutiepie dad daddy
  daehanminguk dallas dan dance dancer daniel daniela danielle dannyboy dark darkangel darklord darkness darkside
  darkstar darling daum david davidson day daylight dead deadhead deadpool dean death december deep default defender
  deftones delaware demon derparol designer desktop devil dfktynbyf diamond diamonds dickhead dietcoke digital
  dilligaf dingdong dinosaur director dirtbike dirty discover disney doberman doc doctor dodgeram dog doggy doghouse
  dogpound dolemite doll dollar dolphin dolphins dominion dontknow doomsday door doughboy down download downtown
  dragon dragonball drowssap drpepper drummer duck dude dutchess dvorak dynamite eagle earthlink east eastside
  eastwood easy eduardo eggplant einstein ekaterina elcamino eldorado electric elephant elizabeth elizaveta email
  emily eminem emmanuel enforcer engineer england enternow enterprise ericsson espresso estrella eternity evangelion
  everlast everything evolution excalibur exchange explorer extreme eye eyes face facebook fairlane faith faithful
  falcon family fan fandango fantasia fantomas farscape fast fastball fat father fearless february federico ferguson
  fernando ferrari festival fire fireball firewall first fish fishbone fishhead fishing five flamengo flamingo
  fletcher flexible flipflop florence florida flounder flower flowers fly foot football for forever forgetit forsaken
  fortnite fortress fountain four fox foxylady france francesco francois franklin freckles fredrick free freebird
  freedom freefall freepass freeuser friday friend friendly friends friendster frontier fuck fuckme fuckoff fuckyou
  fuckyou1 fullmoon fun function funny funstuff fyutkbyf gabriel gabriela game gamecube gameover gamer gaming gandalf
  gangster gannibal garfield gargoyle gas gatorade general genesis geoffrey george germany geronimo gertrude gesperrt
  get getmoney ghost ghostrider gift gilligan ginger giovanni girl girls giuseppe gksrnr gladiator gmail god godisgood
  godsmack godzilla gold goldberg golden goldstar goldwing golf golfball gonzales gonzalez good goodgirl goodluck
  google gordon gorgeous gotohell grace graphics grateful gray great greatone green greenbay greenday gretchen
  groupbuy guardian guest guinness guitar guy hacker hair hairball halflife hamilton hand handball handsome handyman
  hanguk hannah hannibal happiness happy hard hardball hardcore hardrock hardware harley harrison harrypotter hastings
  hat hattrick hawaiian hawk hawkeyes hayabusa head heart heather heaven hedgehog heineken heinrich hell hello
  hellokitty hellyeah hercules herewego heritage hero hetfield high highbury highheel highland highlander hill hit
  hockey hogwarts holidays hollywood home homemade homework honda honey honeybee hongkong honolulu hood hooligan
  hoosiers hop hope hopeless horse hot hotgirls hotmail hotstuff hounddog house hunt hunter hunting hurricane hyperion
  hyundai iamgod ice icecream icehouse idea idontknow ihateyou ilikepie illinois illusion ilove iloveme iloveu
  iloveyou imissyou immortal imperial imthebest india infantry infiniti infinity insanity insomnia inspiron instagram
  intel internet intrepid intruder inuyasha iphone irishman ironmaiden ironman isabella isabelle istanbul italy jack
  jackie jackson jacqueline jam james jamesbond january japan japanese jasmine jay jayhawks jean jeanette jedi
  jennifer jeremiah jermaine jessica jesus jesuschrist jet jiggaman jim jimmy job joe johannes john johncena johngalt
  johnson joker jonathan jonathon jordan joshua juliette july jump june junior just justdoit justice justin juventus
  kakao kakaotalk kakashka kamasutra kamikaze kangaroo karolina katarina katerina katherine kathleen kawasaki kayleigh
  kazantip kentucky kenworth key keyboard keystone kid kids kill killbill killer kim kimberly king kingkong kingston
  kiss kissmyass kitten kitty kittykat kleopatra klondike knickers knight knockers knuckles konstantin korea korea123
  korean koroleva krasotka kristina kristine krokodil labrador lacrosse lady lake lakers lakeside lakewood lalakers
  lancelot laptop lasvegas lauren laurence lawrence leagueoflegends leavemealone lee leedsutd legend lemonade leonardo
  letmein letmein1 liberty life lifehack lifetime light lighting lightning like limewire line linux lion lipstick
  little live liverpool login logitech lokomotiv lollipop lollypop london lone lonesome lonestar lonewolf long
  longdong longhair longhorn longjohn look lorraine love loveless lovelife lovely loveme lover loverboy lovers loveyou
  loveyou1 lowrider luck lucky macdaddy mad madeline madison magazine magellan maggie magician magicman magnolia mail
  majestic major makaveli maksimka mama mamacita man manager manchester mandarin mandingo mandrake maradona marathon
  marcello march margaret margarita maria marianna marianne marijuana mariners mariposa marjorie mark market marlboro
  marriage mars marseille marshall martin martinez maryjane maryland masamune master matrix matthew matthews matthias
  maverick max maximus maxwell may mazafaka mckenzie me meatball meathead meatloaf mechanic medicine megadeth megapass
  megatron melissa men mephisto mercedes meredith meridian mersedes messi metallic metallica mexico michael michaela
  michaels michelle michigan mickey mickeymouse microlab microphone microsoft midnight mike military millenium million
  millions millwall mind mine minecraft minimoni ministry minnie mischief miss mississippi missouri mistress mitchell
  moajang moajangmart mob mobile modelsne mohammed mollydog mom mommy monalisa monday money moneyman mongoose monitor
  monkey monopoly monsters montreal moon moonbeam moonlight more morgan morning morpheus morrison mortgage mortimer
  mother motherlode motorola mountain mouse mr mudvayne mulligan multiplelo munchkin mushroom music musicman mustang
  mustangs my mypassword napoleon naruto natalie natasha nathalie nathan national nautilus naver navigator navyseal
  nebraska neighbor neighbour neo net netscape network nevermind new newcastle newyork nice nicholas nick nicole night
  nightmare nightwish nine nineinch ninja nintendo nirvana no nobody nokia north northern nostromo notebook nothing
  nothing1 november now number numberone nuttertools nygiants oblivion obsidian october of oklahoma old oliver olivia
  one onepiece open opendoor opensesame operator optimist oracle orange oreo original overkill overlord owl paintball
  pakistan pal pallmall palmtree pan panasonic panther panthers papa papillon paradigm paradise paranoid paris park
  party pasadena pass pass123 passion passport passwd password passwords passwort patience patricia patrick patriots
  paul pavement pavilion peace peaches peanut pearl pearljam peekaboo penelope penguin penguins pentagon pepper pepsi
  perfect personal pete peter peterpan peterson pharmacy phialpha phil philippe phillies phillips phoenix phone piano
  pianoman pig pikachu pimp pineapple pingpong pink pinkfloyd pipeline piramida pirate pizza platinum platypus play
  playboy player player1 playgirl playstation playtime please pleasure plymouth pokemon poohbear pool porkchop porn
  porsche portland portugal poseidon positive potter power preacher precious predator presario president pretty prince
  princess pringles printing private pro progress property prospect public pumpkin pumpkins punisher punkrock puppy
  pussy qlalfqjsgh queen question qwe123 qwer qwerty rabbit race rachel radiohead ragnarok raiders railroad rain
  rainbow rainbows rainyday raistlin rammstein ranger rasputin rastaman ray real realmadrid rebecca reckless recovery
  red redalert redbaron reddevil reddwarf redskins redwings register remember renegade republic research resident
  revolution revolver reynolds rhiannon ricardo rich richard richards richmond ride rightnow ring rjirfrgbde
  rjycnfynby road roadkill roadking roadrunner roadster rob robert roberto robin robinson robotech robotics rochelle
  rock rocket rockford rockhard rocknroll rockstar rocky rolltide romashka ronaldo room root rootbeer rose rosemary
  run runescape running rush russia ryan sabrina sailboat salamander salasana salvador sam samantha samsung samuel
  samurai sandiego sandrine sandwich santa santiago sapphire sarah sarang saranghae saranghe saratoga sasuke satan
  saturday sausages savannah scarface scarlett scheisse scooby scoobydoo scooter scorpion scotland scrabble screamer
  sea seahawks sean sebastian second secret security seinfeld seminole semperfi senators sentinel seoul september
  serenity sergeant sersolution server service services sesame seven sex sexy shadow shamrock shanghai shark sheepdog
  shepherd sheridan sherlock sherwood shine ship shit shoe shopping shot show showtime side sidekick sigmachi silly
  silver sim simpsons sinclair singer sinister sister sithlord six skateboard ski skittles skorpion skull sky
  skywalker slamdunk slapshot slim slimshady slipknot slippery slow slowhand smart smashing smeghead smile smiley
  smirnoff smokey smoothie snake sneakers snickers sniper snoop snoopy snow snowball snowboard snowman snuggles soccer
  socrates softball software soldier solitude solution someone somerset something son song sony sonyericsson sophie
  soulmate south southern southpark southpaw spaceman spartans speakers special specialk spectrum speedway spider
  spiderman spitfire splinter spongebob sporting spring springer sprinter spy squirrel srinivas stafford stallion
  standard stanford stanislav star starcraft stardust starfire starfish stargate stars starship startrek starwars
  steelers stefanie stephane stephanie sterling steve stickman still stingray stocking stone stonecold storm straight
  stranger stratfor strawberry street stupid suburban success sugar sullivan summer sun sundance sunday sundevil
  sunflower sunny sunnyday sunshine superfly superior superman superstar surf survivor svetlana sweet sweetheart
  sweetie sweetness sweetpea swimming swingers swinging swordfish syncmaster syracuse system table tacobell taekwondo
  talisman tank tarheels taylor tazmania team technics ted teddybear telephone temp temporary ten tennis terminal
  terminator terrapin test test123 tester testing texas thailand thanatos thankyou the thedoors theforce thegreat
  theodore third thirteen thisisit thomas thompson three thuglife thunder thursday tiberius tiffany tiger tigger time
  tinkerbell titanium titleist together tokiohotel tokyo tom tomahawk tommy tommyboy tomorrow top toriamos tottenham
  touching toy toyota training transfer translator traveler treasure triangle trinidad trinity trombone trooper
  tropical trouble truck trucking truelove trustno1 tuesday tunafish turtle twilight twitter two tyler ultimate
  umbrella under underdog underground undertaker united universal universe university up us user username vacation
  valencia valentina valentine valhalla valkyrie vampires van vanessa vanguard vanhalen vasilisa vauxhall vegas
  vendetta verbatim veronica veronika vfitymrf victoria viewsonic viktoria viktoriya violetta virginia vkontakte
  vladimir vladislav volleyball vqsablpzla wanderer want war warcraft wareagle warhammer warrior warriors washburn
  washington water waterboy waterloo way webhompas webmaster website wednesday welcome werewolf west westside westwood
  wet whatever whatsup whiplash whiskers whiskey whistler white whiteboy whiteout whitesox whocares wild wildbill
  wildcard wildcats wildfire wildwood will william williams win wind windmill windows windsurf wing winner winter
  wireless wise wishbone with wizard wolf wolfgang wolfpack wolverine woman women wonderful wood woodland wordpass
  world wow wrangler wrestler wrestling xbox yahoo yamaha yankees yeahbaby yes yfcntymrf yoda yogibear yosemite you
  young your youtube zanzibar zaqxswcde zeppelin zero zerocool zildjian zone zxc zxc123 zxcasdqwe zxcv
`.trim().split(/\s+/);

/** In 한글. Typed with the other layout on (`qlalfqjsgh`) they are the same passwords. */
export const KOREAN_WORDS: readonly string[] = `
  가나다라 가나다라마바사 가나다라마바사아 가을 가입 가족 감사 감사합니다 강아지 개나리 건강 게임 겨울 고마워 고양이 곰돌이 공동구매 공주 관리자 괜찮아 구름 기아 김철수 김치 나무 나비 농구 누나 달님 대박
  대학교 대한민국 도라에몽 독도 동네 동생 동해물과 두산 둘리 딸기 라면 로그인 로또 롯데 리니지 마트 맥주 멍청이 메이플 메이플스토리 모아장 무궁화 무지개 미안해 미영 민수 민준 민지 바다 바람 바보 반가워
  백두산이 백설공주 벚꽃 별님 봄여름 부산 부자 부처님 비밀번호 비번 뽀로로 사과 사랑 사랑합니다 사랑해 사랑해요 산타 삼성 생일 서연 서울 선생님 성공 세종대왕 소주 손님 수박 수빈 스타크래프트 시작 신데렐라
  아빠 아자아자 안녕 안녕하세요 암호 야구 언니 엄마 여름 여보 영희 예수님 오빠 왕자 우리 우리집 운영자 유진 은지 이름 이순신 이영희 이웃 인터넷 일이삼사 자기야 자동차 장미 장보기 전화번호 제주 제주도
  주소 지민 지영 지은 지훈 진달래 짱구 천국 천사 철수 최고 축구 치킨 친구 커피 컴퓨터 코리아 크리스마스 태극기 토끼 파이팅 패스워드 포도 포켓몬 피자 피카츄 하나님 하나둘셋 하늘 학교 학생 한국 해바라기
  핸드폰 햇님 행복 행복해 현대 현우 혜진 호랑이 홍길동 화이팅 회사 회원 희망
`.trim().split(/\s+/);
